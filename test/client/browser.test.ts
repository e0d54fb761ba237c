import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { InferenceClient } from "../../client/browser.ts";
import type { tensor } from "../../contract/index.ts";
import { ECHO, type TestServer, servePredictor } from "../runtime/serving.ts";
import { answering, failureOf, handling } from "./fixed-server.ts";
import { all, untilFailure } from "./reading.ts";

/** What a page may import. */
const PAGE = `
export { InferenceClient } from "./client/browser.ts";
export { tensor } from "./contract/index.ts";
export const bytesOf = (values) => Uint8Array.from(values);
`;

/** What browsers have, of what the client may use. Not Buffer, process, require or setImmediate. */
const IN_BROWSERS = {
  AbortController,
  AbortSignal,
  Blob,
  Headers,
  TextDecoder,
  TextEncoder,
  URL,
  atob,
  btoa,
  clearTimeout,
  crypto,
  fetch,
  performance,
  setTimeout,
};

interface Page {
  readonly InferenceClient: typeof InferenceClient;
  readonly tensor: typeof tensor;
  /** Bytes as the page makes them: those of another realm are no bytes to it. */
  readonly bytesOf: (values: readonly number[]) => Uint8Array;
}

let page: Page;
let code: string;
let echo: TestServer;

beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: { contents: PAGE, resolveDir: "." },
    bundle: true,
    format: "iife",
    globalName: "page",
    platform: "browser",
    write: false,
    logLevel: "silent",
  });
  code = outputFiles[0]?.text ?? "";
  const context = createContext({ ...IN_BROWSERS });
  runInContext(code, context);
  page = runInContext("page", context) as Page;
  echo = await servePredictor(ECHO);
});
afterAll(() => echo.stop());

describe("the client in a page", () => {
  it("needs nothing of Node's", () => {
    expect(code).not.toMatch(/["'`]node:|\brequire\(/);
  });

  it.each([true, false])("infers, with binary %s", async (binary) => {
    using client = new page.InferenceClient(echo.url);
    const inputs = {
      f: page.tensor("FP32", [3], [0.1, -3.4e38, 1e-45]),
      i: page.tensor("INT64", [2], [-9_223_372_036_854_775_808n, 9_007_199_254_740_993n]),
      b: page.tensor("BYTES", [2], ["zwölf", '"\\\n']),
      many: page.tensor(
        "FP64",
        [3_000],
        Float64Array.from({ length: 3_000 }, (_, index) => index / 7),
      ),
    };
    const { outputs } = await client.infer("m", inputs, { binary });
    expect(plain(outputs)).toEqual(plain(inputs));
  });

  it("predicts, and sends bytes as base64", async () => {
    using client = new page.InferenceClient(echo.url);
    const values = Array.from({ length: 20_000 }, (_, index) => (index * 31) % 256);
    const answer = await client.predict("m", [[1, 2.5], page.bytesOf(values), { text: "zwölf" }]);
    const b64 = Buffer.from(values).toString("base64");
    expect(JSON.parse(JSON.stringify(answer))).toEqual([[1, 2.5], { b64 }, { text: "zwölf" }]);
  });

  it("asks for health, metadata and models", async () => {
    using client = new page.InferenceClient(echo.url);
    expect([await client.live(), await client.ready(), await client.modelReady("m")]).toEqual([
      true,
      true,
      true,
    ]);
    expect(await client.models()).toHaveLength(1);
    expect((await client.serverMetadata()).name).toBe("kserve-ts");
    expect((await client.modelMetadata("m")).name).toBe("m");
  });

  it("keeps the base URL's path", async () => {
    await using server = await answering(() => ({ body: "{}" }));
    using client = new page.InferenceClient(`${server.url}/serving`);
    await client.live();
    expect(server.seen[0]?.url).toBe("/serving/v2/health/live");
  });

  it("fails as Node's does", async () => {
    using client = new page.InferenceClient(echo.url, { retries: 1 });
    const x = page.tensor("FP32", [1], [1]);
    expect(await failureOf(client.infer("other", { x }))).toMatchObject({
      code: "KTS_SERVER_ANSWERED",
      status: 404,
    });
    expect(await failureOf(client.live({ headers: { Host: "x" } }))).toMatchObject({ path: "headers.host" });
    expect(await failureOf(client.live({ headers: { "a b": "x" } }))).toMatchObject({
      code: "KTS_INVALID_INPUT",
    });
    await using gone = await answering(() => ({}));
    using lost = new page.InferenceClient(gone.url);
    await gone[Symbol.asyncDispose]();
    expect(await failureOf(lost.live())).toMatchObject({ code: "KTS_SERVER_UNREACHABLE" });
  });

  it("ends with its deadline, its signal, and its client", async () => {
    await using server = await handling(() => undefined);
    const client = new page.InferenceClient(server.url);
    expect(await failureOf(client.live({ timeoutMs: 20 }))).toMatchObject({ code: "KTS_DEADLINE_EXCEEDED" });
    const controller = new AbortController();
    const aborted = client.live({ signal: controller.signal });
    controller.abort(new Error("enough"));
    expect((await failureOf(aborted)).message).toBe("enough");
    const closed = client.live();
    client.close();
    expect(await failureOf(closed)).toMatchObject({ code: "KTS_CANCELLED" });
    expect(await failureOf(client.live())).toMatchObject({ code: "KTS_CANCELLED" });
  });

  it("streams, and says so to the server when it leaves", async () => {
    let left = 0;
    await using server = await handling(({ url }, res) => {
      res.on("close", () => left++);
      const { body } = server.seen.at(-1) ?? {};
      res.writeHead(200, { "content-type": "text/event-stream" });
      if (url.endsWith("generate_stream")) {
        res.end('data: {"text_output":"zw\u00f6lf"}\n\ndata: {"text_output":"","done":true}\n\n');
      } else if (String(body).includes("endless")) res.write("data: x\n\n");
      else if (url.endsWith("infer_stream")) {
        res.end('data: {"model_name":"m","outputs":[]}\n\nevent: error\ndata: {"error":"no"}\n\n');
      } else res.end('data: {"predictions":[1]}\r\n\r\ndata: {"predictions":[2]}\r\n\r\n');
    });
    const client = new page.InferenceClient(server.url);
    expect(JSON.stringify(await all(client.predictStream("m", [1])))).toBe("[[1],[2]]");
    expect(await all(client.generateStream("m", "x"))).toEqual(["zwölf"]);
    const inputs = { x: page.tensor("FP32", [1], [1]) };
    const ended = await untilFailure(client.inferStream("m", inputs));
    expect(ended).toMatchObject({ answers: [{ modelName: "m" }], failure: { status: 500 } });
    while (left < 3) await new Promise((resolve) => setImmediate(resolve));

    for await (const answer of client.predictStream("m", ["endless"])) {
      expect(answer).toBe("x");
      break;
    }
    while (left < 4) await new Promise((resolve) => setImmediate(resolve));
    const late = await untilFailure(client.predictStream("m", ["endless"], { timeoutMs: 2_000 }));
    expect(late).toMatchObject({ answers: ["x"], failure: { code: "KTS_DEADLINE_EXCEEDED" } });
    const controller = new AbortController();
    const aborted = client.predictStream("m", ["endless"], { signal: controller.signal });
    await aborted.next();
    const pending = failureOf(aborted.next());
    controller.abort(new Error("enough"));
    expect((await pending).message).toBe("enough");
    const last = client.predictStream("m", ["endless"]);
    await last.next();
    const closed = failureOf(last.next());
    client.close();
    expect(await closed).toMatchObject({ code: "KTS_CANCELLED" });
    while (left < 7) await new Promise((resolve) => setImmediate(resolve));
  });

  it("reads no more than maxAnswerBytes", async () => {
    await using server = await answering(() => ({ body: JSON.stringify({ name: "x".repeat(5_000) }) }));
    using client = new page.InferenceClient(server.url, { maxAnswerBytes: 1_000 });
    expect(await failureOf(client.serverMetadata())).toMatchObject({
      message: expect.stringContaining("larger than 1000 bytes") as string,
    });
  });

  it("says what is missing when a server hides the header that binary answers need", async () => {
    await using server = await answering(() => ({
      headers: { "content-type": "application/octet-stream" },
      body: '{"model_name":"m","outputs":[]}',
    }));
    using client = new page.InferenceClient(server.url);
    const failure = await failureOf(client.infer("m", { x: page.tensor("FP32", [1], [1]) }));
    expect(failure.message).toContain("Inference-Header-Content-Length");
  });
});

/** Values of another realm as this one's, so that they can be compared. */
function plain(
  tensors: Readonly<Record<string, { shape: readonly number[]; data: ArrayLike<unknown> }>>,
): unknown {
  return Object.entries(tensors).map(([name, { shape, data }]) => [
    name,
    [...shape],
    Array.from(data, (element) => (typeof element === "object" ? [...(element as Uint8Array)] : element)),
  ]);
}
