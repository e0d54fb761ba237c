import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CreateServerOptions, type RunningServer, createServer } from "../../runtime/index.ts";

const CONTRACT = new URL("../../contract/index.ts", import.meta.url).href;

/** A server for one test, and its log. */
export interface TestServer extends RunningServer {
  readonly log: readonly string[];
}

/** A folder with a predictor module; `kserve-ts` in its imports is this checkout's contract. */
export async function predictorFolder(source: string): Promise<AsyncDisposable & { readonly path: string }> {
  const parent = await mkdtemp(join(tmpdir(), "kserve-ts-test-"));
  const path = join(parent, "m");
  await mkdir(path);
  await writeFile(join(path, "predictor.mjs"), source.replaceAll('"kserve-ts"', JSON.stringify(CONTRACT)));
  return { path, [Symbol.asyncDispose]: () => rm(parent, { recursive: true, force: true }) };
}

/** Serves a folder on a free port. Its model is called as the folder is. */
export async function serveFolder(
  folder: string,
  { options, ...extras }: CreateServerOptions = {},
): Promise<TestServer> {
  const log: string[] = [];
  const server = await createServer({
    folder,
    options: { httpPort: 0, gracePeriodMs: 2_000, logFormat: "json", ...options },
    logSink: (line) => void log.push(line),
    ...extras,
  });
  return Object.assign(server, { log });
}

/** Serves a predictor module given as text; its model is called `m`. */
export async function servePredictor(source: string, extras: CreateServerOptions = {}): Promise<TestServer> {
  await using folder = await predictorFolder(source);
  const server = await serveFolder(folder.path, extras);
  return server;
}

/** Answers V1 with its instances and V2 with its tensors, on the server's own thread. */
export const ECHO = `
export const execution = "inline";
export const predict = (_model, input) => input;
`;

/** POSTs JSON and reads the answer. */
export async function postJson(
  server: Pick<RunningServer, "url">,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: unknown }> {
  const response = await fetch(server.url + path, {
    method: "POST",
    body: typeof body === "string" || body instanceof Buffer ? body : JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}
