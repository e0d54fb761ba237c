import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { ECHO, servePredictor } from "../../runtime/serving.ts";

/** Chromium, of the Debian package `chromium` unless the environment names another. */
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** What the page does. It tells the server what came of it. */
const PAGE = `
import { InferenceClient } from "./client/browser.ts";
import { strings, tensor } from "./contract/index.ts";

async function run() {
  const client = new InferenceClient(location.origin, { timeoutMs: 20_000 });
  const inputs = {
    f: tensor("FP32", [2], [0.1, -3.4e38]),
    i: tensor("INT64", [1], [9_007_199_254_740_993n]),
    b: tensor("BYTES", [1], ["zwölf"]),
    many: tensor("FP64", [3_000], Float64Array.from({ length: 3_000 }, (_, index) => index / 7)),
  };
  const said = {};
  for (const binary of [true, false]) {
    const { f, i, b, many } = (await client.infer("m", inputs, { binary })).outputs;
    said[binary] = [[...f.data], String(i.data), strings(b), many.data.every((value, index) => value === index / 7)];
  }
  said.predicted = await client.predict("m", [[1, 2.5], new Uint8Array([251, 255])]);
  said.streamed = [];
  for await (const answer of client.predictStream("m", [["zwölf"]])) said.streamed.push(answer);
  for await (const { outputs } of client.inferStream("m", inputs)) said.streamed.push(strings(outputs.b));
  for await (const piece of client.generateStream("m", "zwölf")) said.streamed.push(piece);
  for await (const part of client.sendStream("/endless", "{}")) {
    said.streamed.push(part);
    break;
  }
  await client.send("/until-left", "{}");
  said.ready = await client.modelReady("m");
  said.failure = await client.infer("other", inputs).catch(({ code, status }) => ({ code, status }));
  said.late = await client.live({ signal: AbortSignal.abort("enough") }).catch((reason) => reason);
  return said;
}

run().then((said) => ({ said }), (error) => ({ error: String(error.stack) }))
  .then((result) => fetch("/result", { method: "POST", body: JSON.stringify(result) }));
`;

describe("the client in Chromium", () => {
  it("infers, predicts and fails as in Node", async () => {
    const { outputFiles } = await build({
      stdin: { contents: PAGE, resolveDir: "." },
      bundle: true,
      format: "esm",
      platform: "browser",
      write: false,
    });
    const { promise: result, resolve, reject } = Promise.withResolvers<unknown>();
    const server = await servePredictor(ECHO, {
      extend(app) {
        app.get(
          "/page",
          (_req, res) => void res.type("html").send(`<script type="module" src="/page.js"></script>`),
        );
        app.get("/page.js", (_req, res) => void res.type("js").send(outputFiles[0]?.text));
        const left = Promise.withResolvers<void>();
        app.post("/endless", (_req, res) => {
          res.on("close", () => left.resolve());
          res.type("text/event-stream").write("data: one\n\n");
        });
        app.post("/until-left", (_req, res) => void left.promise.then(() => res.sendStatus(204)));
        app.post("/result", (req, res) => {
          res.sendStatus(204);
          text(req).then((body) => resolve(JSON.parse(body)), reject);
        });
      },
    });
    const profile = await mkdtemp(join(tmpdir(), "kserve-ts-chromium-"));
    let browser: ChildProcess | undefined;
    try {
      const flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        `--user-data-dir=${profile}`,
      ];
      browser = spawn(CHROMIUM, [...flags, `${server.url}/page`], { stdio: "ignore" });
      browser.on("error", reject);
      browser.on("exit", (code) =>
        reject(new Error(`${CHROMIUM} ended with ${code} before the page was done`)),
      );
      const echoed = [[Math.fround(0.1), Math.fround(-3.4e38)], "9007199254740993", ["zwölf"], true];
      expect(await result).toEqual({
        said: {
          true: echoed,
          false: echoed,
          predicted: [[1, 2.5], { b64: "+/8=" }],
          streamed: [[["zwölf"]], ["zwölf"], "zwölf", "one"],
          ready: true,
          failure: { code: "KTS_SERVER_ANSWERED", status: 404 },
          late: "enough",
        },
      });
    } finally {
      if (browser?.exitCode === null && browser.pid !== undefined) {
        const gone = once(browser, "exit");
        browser.kill("SIGKILL");
        await gone;
      }
      await server.stop();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
