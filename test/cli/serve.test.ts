import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { productVersion } from "../../runtime/product-version.ts";
import { Cli, ROOT, type RunOptions, folderWith, untilServing } from "./run-cli.ts";

const FREE_PORT = ["--http_port", "0"];

function serve(folder: string, flags: readonly string[] = [], options: RunOptions = {}): Cli {
  return new Cli(["serve", folder, ...FREE_PORT, ...flags], options);
}

/** Runs a line as a shell would, after it was pasted. */
async function paste(line: string, cwd = ROOT): Promise<string> {
  const { stdout } = await promisify(execFile)("/bin/sh", ["-c", line], { cwd });
  return stdout;
}

function curlLine(banner: string): string {
  return /^ {2}(curl .*)$/m.exec(banner)?.[1] ?? "";
}

const ECHO = `
  export const execution = "inline";
  export const predict = (_model, instances) => instances;
`;

describe("the banner of digits", () => {
  let cli: Cli;
  let banner: string;
  beforeAll(async () => {
    cli = serve("examples/digits", ["--intra_op_threads", "1"]);
    ({ banner } = await untilServing(cli));
  });
  afterAll(() => cli[Symbol.asyncDispose]());

  it("says what is served, where, and how to ask it", () => {
    const url = /http:\/\/127\.0\.0\.1:[1-9]\d*(?=\/v1)/.exec(banner)?.[0] ?? "none";
    const shown = banner.replace(/after \d+ ms/, "after N ms").replaceAll(url, "URL");
    expect(shown.replace(/(?<=127\.0\.0\.1:)[1-9]\d*$/m, "PORT")).toBe(
      [
        `kserve-ts ${productVersion()} serves digits, ready after N ms`,
        "  model     examples/digits/predictor.ts with examples/digits/model/model.onnx (onnxruntime)",
        "  V1        URL/v1/models/digits:predict",
        "  V2        URL/v2/models/digits/infer",
        "  gRPC      127.0.0.1:PORT",
        "  browser   URL/",
        "  metrics   URL/metrics",
        "  OpenAPI   URL/openapi.json",
        "  workers   1 x 1 engine thread",
        "",
        "Try it:",
        "  curl -s URL/v1/models/digits:predict -H 'Content-Type: application/json' -d @examples/digits/examples/seven.json",
        "",
      ].join("\n"),
    );
  });

  it("has a curl line that is answered with 7", async () => {
    expect(JSON.parse(await paste(curlLine(banner)))).toEqual({ predictions: [7] });
  });

  it("has URLs that answer", async () => {
    const documents = [...banner.matchAll(/(?:metrics|OpenAPI) +(\S+)/g)].map(([, url]) => url as string);
    expect(documents).toHaveLength(2);
    for (const url of documents) expect((await fetch(url)).status).toBe(200);
  });
});

describe("the playground", () => {
  const page = (url: string) => fetch(url, { headers: { accept: "text/html" } });

  it("is there for a browser, unless it is not wanted", async () => {
    await using folder = await folderWith({ "predictor.mjs": ECHO });
    await using on = serve(folder.path);
    expect(await (await page((await untilServing(on)).url)).text()).toMatch(/^<!doctype html>/);
    await using off = serve(folder.path, ["--no-playground"]);
    const { banner, url } = await untilServing(off);
    expect(await (await page(url)).json()).toEqual({ status: "alive" });
    expect(banner).not.toContain("browser");
  });

  it("is not there in an image, unless it is asked for", async () => {
    await using folder = await folderWith({ "predictor.mjs": ECHO });
    const program = [process.execPath, join(ROOT, "cli/image/main.ts")] as const;
    const args = ["serve", folder.path, "--http_port", "0", "--grpc_port", "0"];
    await using off = new Cli(args, { program });
    expect(await (await page((await untilServing(off)).url)).json()).toEqual({ status: "alive" });
    await using on = new Cli([...args, "--playground"], { program });
    expect(await (await page((await untilServing(on)).url)).text()).toMatch(/^<!doctype html>/);
  });
});

describe("the banner", () => {
  it("tells of a model file alone, with zeros to ask it", async () => {
    await using cli = serve("test/fixtures/models/iris-onnx", ["--workers", "2", "--intra_op_threads", "3"]);
    const { banner } = await untilServing(cli);
    expect(banner).toContain("\n  model     test/fixtures/models/iris-onnx/model/model.onnx (onnxruntime)\n");
    expect(banner).toContain("\n  workers   2 x 3 engine threads\n");
    expect(curlLine(banner)).toContain(`-d '{"instances":[[0,0,0,0]]}'`);
    const answer = JSON.parse(await paste(curlLine(banner))) as { predictions: unknown[] };
    expect(answer.predictions).toHaveLength(1);
  });

  it("says what an instance is, where zeros are too long for a line", async () => {
    await using cli = serve("examples/digits/model/model.onnx", ["--model_name", "bare"]);
    const { banner } = await untilServing(cli);
    expect(banner).toContain(
      '\nCall it:\n  POST {"instances": [...]} to the V1 URL; an instance is FP32 of shape [1, 28, 28]\n',
    );
  });

  it("makes up no body for a handwritten predictor without a signature or examples", async () => {
    await using folder = await folderWith({ "predictor.mjs": ECHO });
    await using cli = serve(folder.path);
    const { banner } = await untilServing(cli);
    expect(banner).toContain(`\n  model     ${folder.path}/predictor.mjs (handwritten)\n`);
    expect(banner).toContain("\n  workers   none: it runs inline, on the server's own thread\n");
    expect(banner).toContain(
      '\nCall it:\n  POST {"instances": [...]} to the V1 URL; what an instance is, the predictor says\n',
    );
  });

  it("takes a V2 example where there is no V1 one, relative to the working directory and quoted", async () => {
    await using folder = await folderWith({
      "my model/predictor.mjs": ECHO,
      "my model/examples/a.txt": "no JSON",
      "my model/examples/b.json": "neither",
      "my model/examples/c.json": '[{"instances": [1]}]',
      "my model/examples/d.json": '{"inputs":[{"name":"x","datatype":"INT8","shape":[1],"data":[3]}]}',
    });
    await using cli = serve("my model", [], { cwd: folder.path });
    const { banner } = await untilServing(cli);
    expect(curlLine(banner)).toContain("-d '@my model/examples/d.json'");
    const answer: unknown = JSON.parse(await paste(curlLine(banner), folder.path));
    expect(answer).toMatchObject({ outputs: [{ name: "x", data: [3] }] });
  });

  it("finds the examples beside a file that is served", async () => {
    await using cli = serve("examples/digits/predictor.ts");
    const { banner } = await untilServing(cli);
    expect(curlLine(banner)).toMatch(/ -d @examples\/digits\/examples\/seven\.json$/);
  });

  it("names loopback where the server listens on every interface", async () => {
    await using folder = await folderWith({ "predictor.mjs": ECHO });
    await using cli = serve(folder.path, ["--host", "0.0.0.0"]);
    const { url, banner } = await untilServing(cli);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:/);
    expect(banner).toMatch(/\n {2}listens {3}on every interface, port \d+\n/);
    expect((await fetch(`${url}/v2/health/ready`)).status).toBe(200);
  });
});

describe("options of the server", () => {
  const nameIn = (banner: string) => / serves (\S+),/.exec(banner)?.[1];

  it.each([
    ["the default", {}, [], undefined],
    ["the environment over the default", { KSERVE_TS_MODEL_NAME: "by-env" }, [], "by-env"],
    [
      "the flag over the environment",
      { KSERVE_TS_MODEL_NAME: "by-env" },
      ["--model-name", "by-flag"],
      "by-flag",
    ],
    ["the last of two flags", {}, ["--model_name=first", "--model-name=last"], "last"],
  ])("come from %s", async (_name, env, flags, expected) => {
    await using folder = await folderWith({ "predictor.mjs": ECHO });
    await using cli = serve(folder.path, flags, { env });
    const { banner } = await untilServing(cli);
    expect(nameIn(banner)).toBe(expected ?? basename(folder.path));
  });

  it("that only the KServe server has are accepted, with a warning line each", async () => {
    await using folder = await folderWith({ "predictor.mjs": ECHO });
    await using cli = serve(folder.path, ["--max_threads", "4", "--enable_docs_url=false"]);
    await untilServing(cli);
    const warnings = cli.stderr
      .split("\n")
      .filter((line) => line.includes('"warn"'))
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(warnings).toEqual([
      expect.stringMatching(/^--max_threads 4 is ignored: /),
      expect.stringMatching(/^--enable_docs_url false is ignored: /),
    ]);
  });
});

/** Answers an instance once the file that it names is there. */
const WAITS = `
  import { existsSync } from "node:fs";
  import { setTimeout as sleep } from "node:timers/promises";
  export async function predict(_model, [file], ctx) {
    ctx.log.info("asked");
    while (!existsSync(file)) await sleep(5);
    return ["done"];
  }
`;

/** A server that has a request in flight, which ends when the file is written. */
async function withRequest(cli: Cli, folder: string) {
  const { url } = await untilServing(cli);
  const file = join(folder, "go");
  const answer = fetch(`${url}/v1/models/${basename(folder)}:predict`, {
    method: "POST",
    body: JSON.stringify({ instances: [file] }),
  });
  answer.catch(() => undefined);
  await cli.until("stderr", /"asked"/);
  return { answer, finish: () => writeFile(file, "") };
}

describe("a signal", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "%s drains: the request in flight is answered, exit 0",
    async (name) => {
      await using folder = await folderWith({ "predictor.mjs": WAITS });
      await using cli = serve(folder.path);
      const { answer, finish } = await withRequest(cli, folder.path);
      cli.signal(name);
      await cli.until("stderr", /"draining"/);
      await finish();
      expect(await (await answer).json()).toEqual({ predictions: ["done"] });
      expect((await cli.ended).exitCode).toBe(0);
    },
  );

  it.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("%s after another one ends it at once with %i", async (name, code) => {
    await using folder = await folderWith({ "predictor.mjs": WAITS });
    await using cli = serve(folder.path);
    await withRequest(cli, folder.path);
    cli.signal(name === "SIGTERM" ? "SIGINT" : "SIGTERM");
    await cli.until("stderr", /"draining"/);
    cli.signal(name);
    expect((await cli.ended).exitCode).toBe(code);
  });

  it("while the model loads ends it with 0", async () => {
    await using folder = await folderWith({
      "predictor.mjs": `
        export const load = (ctx) => { ctx.log.info("loading"); return new Promise(() => setInterval(() => 0, 1000)); };
        export const predict = () => 1;
      `,
    });
    await using cli = serve(folder.path);
    await cli.until("stderr", /"loading"/);
    cli.signal("SIGTERM");
    const { stdout, stderr, exitCode } = await cli.ended;
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 0 });
    expect(stderr).toContain("stopped while starting");
  });

  it("ends a server whose predictor holds timers", async () => {
    await using folder = await folderWith({
      "predictor.mjs": `${ECHO}\nsetInterval(() => undefined, 1000);`,
    });
    await using cli = serve(folder.path);
    await untilServing(cli);
    cli.signal("SIGTERM");
    expect((await cli.ended).exitCode).toBe(0);
  });
});

describe("an error of an inline predictor that nobody caught", () => {
  const CARELESS = `
    export const execution = "inline";
    export function predict(_model, [what]) {
      if (what === "reject") void Promise.reject(new Error("nobody waits"));
      if (what === "throw") setTimeout(() => { throw new Error("nobody catches"); });
      return [what];
    }
  `;

  const ask = async (url: string, folder: string, instance: string) => {
    const body = JSON.stringify({ instances: [instance] });
    const answer = await fetch(`${url}/v1/models/${basename(folder)}:predict`, { method: "POST", body });
    return answer.json();
  };

  it("is logged with its stack, and the server goes on, where it is a rejection", async () => {
    await using folder = await folderWith({ "predictor.mjs": CARELESS });
    await using cli = serve(folder.path);
    const { url } = await untilServing(cli);
    await ask(url, folder.path, "reject");
    const [line] = await cli.until("stderr", /.*a rejection that nobody caught: nobody waits.*/);
    expect((JSON.parse(line) as { stack: string }).stack).toContain("predictor.mjs");
    expect(await ask(url, folder.path, "next")).toEqual({ predictions: ["next"] });
  });

  it("is logged with its stack, and ends the server with 70, where it is an exception", async () => {
    await using folder = await folderWith({ "predictor.mjs": CARELESS });
    await using cli = serve(folder.path);
    const { url } = await untilServing(cli);
    expect(await ask(url, folder.path, "throw")).toEqual({ predictions: ["throw"] });
    const { stderr, exitCode } = await cli.ended;
    expect(stderr).toMatch(/"stack":"Error: nobody catches\\n/);
    expect(stderr).toMatch(/"msg":"draining"/);
    expect(stderr).toMatch(/\nerror: an exception that nobody caught: nobody catches\nhint: .+\n$/);
    expect(exitCode).toBe(70);
  });
});
