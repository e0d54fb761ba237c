import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import request from "supertest";
import { describe, expect, it } from "vitest";
import type { StateView } from "../../../runtime/playground/wire.ts";
import { projectOf, says, watchProject } from "../dev/watched.ts";
import { ECHO, postJson, predictorFolder, serveFolder, servePredictor } from "../serving.ts";

/** What browsers send when an address is typed. */
const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const ON = { options: { playground: true } };

describe("the playground's routes", () => {
  it("show a browser the page, and every other client what it always got", async () => {
    await using server = await servePredictor(ECHO, ON);
    const page = await request(server.url).get("/").set("Accept", BROWSER).expect(200);
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(page.text).toMatch(/^<!doctype html>/);
    for (const accept of ["*/*", "application/json", "text/htmlx", ""]) {
      const answer = await request(server.url).get("/").set("Accept", accept).expect(200);
      expect(answer.headers["content-type"]).toBe("application/json");
      expect(answer.text).toBe('{"status":"alive"}');
    }
    await request(server.url).post("/").set("Accept", BROWSER).expect(405);
  });

  it("are not there unless they are asked for", async () => {
    await using server = await servePredictor(ECHO);
    const answer = await request(server.url).get("/").set("Accept", BROWSER).expect(200);
    expect(answer.text).toBe('{"status":"alive"}');
    for (const path of ["/docs", "/playground/state", "/playground/examples"]) {
      await request(server.url).get(path).set("Accept", BROWSER).expect(404);
    }
  });

  it("let nothing run but the page's own script and style, and load nothing from afar", async () => {
    await using server = await servePredictor(ECHO, ON);
    for (const path of ["/", "/docs"]) {
      const { text, headers } = await request(server.url).get(path).set("Accept", BROWSER).expect(200);
      const policy = String(headers["content-security-policy"]);
      for (const element of ["script", "style"]) {
        const found = [...text.matchAll(new RegExp(`<${element}[^>]*>([\\s\\S]*?)</${element}>`, "g"))];
        expect(found).toHaveLength(1);
        const hash = createHash("sha256")
          .update(found[0]?.[1] ?? "")
          .digest("base64");
        expect(policy).toContain(`${element}-src 'sha256-${hash}';`);
      }
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toContain("unsafe");
      expect(text).not.toMatch(/<[^>]+(?:src|href)="(?:https?:)?\/\//);
      expect(text).not.toMatch(/\sstyle="|\son[a-z]+="/);
      expect(headers["x-frame-options"]).toBe("DENY");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["cache-control"]).toBe("no-store");
    }
  });

  it("keep each page under 60 KB", async () => {
    await using server = await servePredictor(ECHO, ON);
    for (const path of ["/", "/docs"]) {
      const { text } = await request(server.url).get(path).set("Accept", BROWSER).expect(200);
      expect(Buffer.byteLength(text)).toBeLessThan(60_000);
    }
  });

  it.each(["/", "/docs", "/playground/state", "/playground/examples"])(
    "refuse %s to a rebinding host and to another origin, in plain words",
    async (path) => {
      await using server = await servePredictor(ECHO, ON);
      const ask = () => request(server.url).get(path).set("Accept", BROWSER);
      const rebound = await ask().set("Host", "evil.example").expect(403);
      expect(rebound.text).toContain('does not answer for the host "evil.example"');
      expect(rebound.headers["content-type"]).toBe("text/plain; charset=utf-8");
      await ask().set("Origin", "https://evil.example").expect(403);
      await ask().set("Sec-Fetch-Site", "cross-site").expect(403);
      await ask().set("Host", "localhost").expect(200);
    },
  );

  it("answer for a further host where they are told to", async () => {
    await using server = await servePredictor(ECHO, {
      options: { playground: true, playgroundHosts: "dev.example" },
    });
    await request(server.url).get("/docs").set("Host", "dev.example:80").expect(200);
  });

  it("leave what else is under their path to the server, and refuse other methods", async () => {
    await using server = await servePredictor(ECHO, ON);
    await request(server.url).get("/playground/nothing").expect(404);
    const { headers } = await request(server.url).post("/playground/state").expect(405);
    expect(headers["allow"]).toBe("GET, HEAD");
    const head = await request(server.url).head("/").set("Accept", BROWSER).expect(200);
    expect(head.headers["content-type"]).toBe("text/html; charset=utf-8");
  });
});

describe("the playground's state", () => {
  it("tells of requests with their stages, and of failures what their answers do not say", async () => {
    await using server = await servePredictor(
      `
      import { InvalidInput } from "kserve-ts";
      export const predict = (_model, [value]) => {
        if (value === "bad") throw new InvalidInput("expected better", { path: "instances[0]", hint: "Be good." });
        return [value];
      };`,
      ON,
    );
    const path = "/v1/models/m:predict";
    await postJson(server, path, { instances: ["fine"] }, { "x-request-id": "one" });
    await postJson(server, path, { instances: ["bad"] }, { "x-request-id": "two" });
    await postJson(server, "/v1/models/other:predict", { instances: [] });
    const { body } = await request(server.url).get("/playground/state").expect(200);
    const state = body as StateView;
    expect(state).toMatchObject({
      state: "ready",
      models: [{ name: "m", ready: true, requests: 2, failures: 1 }],
    });
    expect(state.requests.map(({ status }) => status)).toEqual([200, 400, 404]);
    const [fine, bad, other] = state.requests;
    expect(fine).toMatchObject({ id: "one", model: "m", protocol: "v1", verb: "predict" });
    expect(fine?.stages?.predict).toBeGreaterThan(0);
    expect(bad).toMatchObject({
      id: "two",
      error: {
        code: "KTS_INVALID_INPUT",
        message: "instances[0]: expected better",
        path: "instances[0]",
        hint: "Be good.",
      },
    });
    expect(other).toMatchObject({ model: "other", error: { code: "KTS_MODEL_NOT_FOUND" } });
  });

  it("tells only what is new since a request, and the lines of the log", async () => {
    const source = `export const predict = (_model, [value], ctx) => (ctx.log.warn("odd", { value }), [value]);`;
    await using server = await servePredictor(source, ON);
    for (const value of [1, 2, 3]) await postJson(server, "/v1/models/m:predict", { instances: [value] });
    const { body } = await request(server.url).get("/playground/state?requests=2&log=0").expect(200);
    const { requests, log } = body as StateView;
    expect(requests.map(({ sequence }) => sequence)).toEqual([3]);
    await expect.poll(() => server.log.filter((line) => line.includes("odd")).length).toBe(3);
    const later = (await request(server.url).get("/playground/state")).body as StateView;
    expect(later.log.filter(({ text }) => text.includes("odd"))).toHaveLength(3);
    expect(log.every(({ sequence }) => sequence > 0)).toBe(true);
  });

  it("keeps the last hundred requests", async () => {
    await using server = await servePredictor(ECHO, ON);
    for (let at = 0; at < 105; at++) await postJson(server, "/v1/models/m:predict", { instances: [at] });
    const { requests } = (await request(server.url).get("/playground/state")).body as StateView;
    expect(requests.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 100 }, (_, at) => at + 6));
  });

  it("shows how a watched project stands", async () => {
    await using project = await projectOf({ "predictor.ts": says("old") });
    await using server = await watchProject(project, ON);
    await project.save("predictor.ts", "export const predict = (;");
    await server.next("broken");
    const { body } = await request(server.url).get("/playground/state").expect(200);
    expect((body as StateView).code).toEqual({
      status: "broken",
      swaps: 0,
      problem: expect.stringMatching(/^predictor\.ts:1:\d+: /),
    });
  });
});

describe("the playground's examples", () => {
  it("are the requests of the project's folder", async () => {
    await using folder = await predictorFolder(ECHO);
    const examples = join(folder.path, "examples");
    await mkdir(examples);
    await writeFile(join(examples, "two.json"), '{"instances":[2]}');
    await writeFile(join(examples, "one.json"), '{"instances":[1]}');
    await writeFile(join(examples, "one.expected.json"), '{"predictions":[1]}');
    await writeFile(join(examples, "notes.txt"), "no example");
    await writeFile(join(examples, "large.json"), " ".repeat(1_048_577));
    await using server = await serveFolder(folder.path, ON);
    const { body } = await request(server.url).get("/playground/examples").expect(200);
    expect(body).toEqual([
      { name: "one", text: '{"instances":[1]}' },
      { name: "two", text: '{"instances":[2]}' },
    ]);
  });

  it("are none where there is no such folder", async () => {
    await using server = await servePredictor(ECHO, ON);
    expect((await request(server.url).get("/playground/examples")).body).toEqual([]);
  });
});
