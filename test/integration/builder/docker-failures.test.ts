import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type RequestListener, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { createDockerEngine } from "../../../builder/docker/index.ts";
import type { BuildEvent } from "../../../builder/engine.ts";
import { BASE, ensureBase } from "../docker/base-image.ts";
import { type Engine, dockerAt, startEngine } from "../docker/engine.ts";
import { describeWithOwnEngine, describeWithRig } from "../docker/with-rig.ts";
import { recordedWork, smallPlan } from "./small-plan.ts";

const TAG = `kserve-ts-test/fails:${process.pid}`;
const PLAN = smallPlan({ predictor: { "/app/predictor.js": "1" } });

/** A Dockerfile whose step runs JavaScript. */
const running = (code: string) => () => `FROM ${BASE}\nRUN ["node", "-e", ${JSON.stringify(code)}]\n`;

/** Resolves once a line of the build has come; its work can be stopped. */
function watchedWork(text: string) {
  const abort = new AbortController();
  const { promise: seen, resolve } = Promise.withResolvers<undefined>();
  const work = recordedWork(abort.signal);
  const report = (event: BuildEvent) => {
    work.report(event);
    if (event.kind === "output" && event.line.includes(text)) resolve(undefined);
  };
  return { abort, seen, work: { signal: abort.signal, report } };
}

describeWithRig("a build with Docker fails", ({ dockerHost, openRegistry, authRegistry }) => {
  const docker = dockerAt(dockerHost);
  const env = { ...process.env, DOCKER_HOST: dockerHost, DOCKER_CONFIG: "/nonexistent" };

  const containers = async () => {
    const all = await docker.listContainers({ all: true });
    return all.filter(({ Command }) => Command.includes("marks this test")).length;
  };

  it("with the step and its last lines when a RUN fails, and leaves no container", async () => {
    const code = `/* marks this test */ for (let i = 0; i < 50; i++) console.log("line " + i); process.exitCode = 9`;
    const failing = createDockerEngine({ env, dockerfile: running(code), noCache: true });
    const failure = failing.build(PLAN, TAG, recordedWork());
    await expect(failure).rejects.toMatchObject({ code: "KTS_BUILD_FAILED", exitCode: 7 });
    await expect(failure).rejects.toThrow(/^the step "RUN \["node", "-e", "\/\* marks/);
    await expect(failure).rejects.toThrow(/returned a non-zero code: 9\n(.*\n)* {2}line 49$/);
    await expect(failure).rejects.not.toThrow("line 10\n");
    expect(await containers()).toBe(0);
  });

  it("with what it wrote on stderr, without colours", async () => {
    const failing = createDockerEngine({
      env,
      dockerfile: running(`console.error("npm error 404 Not Found"); process.exitCode = 1`),
    });
    const failure = failing.build(PLAN, TAG, recordedWork());
    await expect(failure).rejects.toThrow(/\n {2}npm error 404 Not Found$/);
  });

  it("with the same when BuildKit builds", async () => {
    const code = `console.log("last words"); process.exitCode = 9`;
    const failing = createDockerEngine({
      env,
      builder: "buildkit",
      dockerfile: running(code),
      noCache: true,
    });
    const failure = failing.build(PLAN, TAG, recordedWork());
    await expect(failure).rejects.toMatchObject({ code: "KTS_BUILD_FAILED" });
    await expect(failure).rejects.toThrow(/^the step "RUN .*exit code: 9(.*\n)* {2}last words/);
  });

  it("with a hint when the base has no Node", async () => {
    const failing = createDockerEngine({
      env,
      dockerfile: () => 'FROM scratch\nCOPY ["predictor/", "/"]\nRUN ["node", "--version"]\n',
    });
    await expect(failing.build(PLAN, TAG, recordedWork())).rejects.toMatchObject({
      code: "KTS_BUILD_FAILED",
      message: expect.stringMatching(/executable file not found/),
      hint: "The base lacks the program that the step runs; a base needs Node.",
    });
  });

  it.each([
    ["is not in the registry", `${openRegistry}/none:1`, "KTS_IMAGE_NOT_FOUND"],
    ["is in a registry that wants to know who asks", `${authRegistry}/none:1`, "KTS_REGISTRY_DENIED"],
    ["is in a registry that does not answer", "127.0.0.1:9/none:1", "KTS_REGISTRY_UNREACHABLE"],
  ])("when its base %s", async (_case, base, code) => {
    const failure = createDockerEngine({ env }).build({ ...PLAN, base }, TAG, recordedWork());
    await expect(failure).rejects.toMatchObject({ code });
    await expect(failure).rejects.toThrow(`the pull of ${base} failed: `);
  });

  it("with the file's name when one of the context has changed since it was planned", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kserve-ts-context-"));
    try {
      const path = join(folder, "model");
      await writeFile(path, "short");
      const files = [
        { path: "/m", source: { kind: "file" as const, path, bytes: 1_000 }, executable: false },
      ];
      const layers = [{ name: "model" as const, files, bytes: 1_000, hash: "sha256:x" }];
      const failure = createDockerEngine({ env }).build({ ...PLAN, layers }, TAG, recordedWork());
      await expect(failure).rejects.toMatchObject({ code: "KTS_BUILD_FAILED" });
      await expect(failure).rejects.toThrow(`${path} cannot be read as it was planned`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each(["classic", "buildkit"] as const)(
    "when it is cancelled (%s), and leaves nothing running",
    async (builder) => {
      const code = `/* marks this test */ console.log("it runs"); setInterval(() => {}, 1000)`;
      const slow = createDockerEngine({ env, dockerfile: running(code), noCache: true, builder });
      const { abort, seen, work } = watchedWork("it runs");
      const failure = slow.build(PLAN, TAG, work);
      failure.catch(() => undefined);
      await seen;
      abort.abort();
      await expect(failure).rejects.toMatchObject({ code: "KTS_CANCELLED" });
      await expect.poll(containers, { timeout: 15_000 }).toBe(0);
    },
  );

  it("at once when it is cancelled before it began", async () => {
    const failure = createDockerEngine({ env }).build(PLAN, TAG, recordedWork(AbortSignal.abort()));
    await expect(failure).rejects.toMatchObject({ code: "KTS_CANCELLED" });
  });
});

describeWithOwnEngine("an engine of its own", () => {
  let engine: Engine;
  const start = async (capacityBytes?: number) => {
    const started = await startEngine(capacityBytes === undefined ? {} : { capacityBytes });
    if ("reason" in started) throw new Error(started.reason);
    engine = started;
    expect(await ensureBase(dockerAt(engine.host))).toBeUndefined();
    return { ...process.env, DOCKER_HOST: engine.host };
  };
  const build = (env: NodeJS.ProcessEnv) => {
    const code = `console.log("it runs"); setInterval(() => {}, 1000)`;
    const { seen, work } = watchedWork("it runs");
    const failure = createDockerEngine({ env, dockerfile: running(code) }).build(PLAN, TAG, work);
    failure.catch(() => undefined);
    return { seen, failure };
  };
  afterAll(() => engine.stop());

  it.each(["SIGKILL", "SIGTERM"])(
    "that gets %s in the middle of a build is told of as gone",
    async (signal) => {
      const env = await start();
      try {
        const { seen, failure } = build(env);
        await seen;
        process.kill(engine.pid ?? 0, signal);
        await expect(failure).rejects.toMatchObject({
          code: "KTS_ENGINE_UNREACHABLE",
          message: expect.stringMatching(/^the Docker engine went away during the step "RUN /),
        });
      } finally {
        await engine.stop();
      }
    },
  );

  it("whose disk is full says so, with a hint", async () => {
    const env = await start(700 << 20);
    try {
      const zeros = await mkdtemp(join(tmpdir(), "kserve-ts-zeros-"));
      const path = join(zeros, "model");
      await writeFile(path, Buffer.alloc(600 << 20));
      const files = [
        { path: "/m", source: { kind: "file" as const, path, bytes: 600 << 20 }, executable: false },
      ];
      const layers = [{ name: "model" as const, files, bytes: 600 << 20, hash: "sha256:x" }];
      const failure = createDockerEngine({ env }).build({ ...PLAN, layers }, TAG, recordedWork());
      await expect(failure).rejects.toMatchObject({
        code: "KTS_BUILD_FAILED",
        message: expect.stringMatching(/no space left on device/),
        hint: "The engine's disk is full: docker system prune makes room.",
      });
      await rm(zeros, { recursive: true });
    } finally {
      await engine.stop();
    }
  });
});

describe("an engine that answers wrongly", () => {
  /** Speaks just enough of the API to be built with, then does as the test says. */
  const fakeEngine = async (build: RequestListener) => {
    const server = createServer((request, response) => {
      if (request.url === "/_ping") response.end("OK");
      else if (request.url?.startsWith("/images/node") === true) {
        response.setHeader("content-type", "application/json");
        const { os, architecture } = PLAN.platform;
        response.end(
          JSON.stringify({ Id: "sha256:base", Os: os, Architecture: architecture, Config: {}, RootFS: {} }),
        );
      } else if (request.url?.startsWith("/build") === true) {
        request.resume();
        request.once("end", () => void build(request, response));
      } else response.writeHead(404).end('{"message":"no such image"}');
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const env = { DOCKER_HOST: `tcp://127.0.0.1:${port}` };
    return { engine: createDockerEngine({ env }), [Symbol.asyncDispose]: async () => void server.close() };
  };
  const step = `${JSON.stringify({ stream: "Step 1/2 : FROM node:24\n" })}\n`;

  it.each([
    ["breaks the connection off", (response) => void response.write(step, () => response.destroy())],
    ["ends in the middle of a line", (response) => void response.end(`${step}{"stream":"Step 2/`)],
  ] satisfies [string, (response: Parameters<RequestListener>[1]) => void][])(
    "and %s is told of as gone",
    async (_case, answer) => {
      await using fake = await fakeEngine((_request, response) => answer(response));
      await expect(fake.engine.build(PLAN, TAG, recordedWork())).rejects.toMatchObject({
        code: "KTS_ENGINE_UNREACHABLE",
        message: 'the Docker engine went away during the step "FROM node:24"',
      });
    },
  );

  it("and ends a build without an image is not believed", async () => {
    await using fake = await fakeEngine((_request, response) => void response.end(step));
    await expect(fake.engine.build(PLAN, TAG, recordedWork())).rejects.toThrow(
      `the engine ended the build without an image ${TAG}`,
    );
  });

  it("and refuses the build with a status is quoted", async () => {
    await using fake = await fakeEngine((_request, response) => {
      response.writeHead(400).end('{"message":"dockerfile parse error line 3"}');
    });
    await expect(fake.engine.build(PLAN, TAG, recordedWork())).rejects.toMatchObject({
      code: "KTS_BUILD_FAILED",
      message: expect.stringMatching(/dockerfile parse error line 3$/),
    });
  });

  it("and never answers is given up when the work is cancelled", async () => {
    await using fake = await fakeEngine(() => undefined);
    const abort = new AbortController();
    const failure = fake.engine.build(PLAN, TAG, recordedWork(abort.signal));
    failure.catch(() => undefined);
    await sleep(100);
    abort.abort();
    await expect(failure).rejects.toMatchObject({ code: "KTS_CANCELLED" });
  });
});
