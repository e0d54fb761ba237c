import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** A request as it came. */
export interface Asked {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Answers a request; what it returns is sent as JSON with status 200. */
export type Answerer = (asked: Asked, response: ServerResponse) => unknown;

/** How the server is set up. */
export interface ApiSetup {
  /** Serves TLS with them. Default: plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Members of the kubeconfig's cluster, beside the server's URL. */
  readonly cluster?: object;
  /** Members of its user. */
  readonly user?: object;
}

/** A server that plays an API server's answers, and a kubeconfig that leads to it. */
export interface RecordedApi extends AsyncDisposable {
  readonly url: string;
  readonly kubeconfig: string;
  /** A folder that goes with it. */
  readonly folder: string;
  readonly asked: readonly Asked[];
}

/** What an API server answers where it refuses. */
export function refuse(response: ServerResponse, code: number, message: string, reason = ""): void {
  const status = { kind: "Status", apiVersion: "v1", status: "Failure", message, reason, code };
  response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(status));
}

/** Starts such a server on a free port. */
export async function recordedApi(answer: Answerer, setup: ApiSetup = {}): Promise<RecordedApi> {
  const asked: Asked[] = [];
  const onRequest = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = "", url = "", headers } = request;
    const one = { method, path: url, headers, body: await text(request) };
    asked.push(one);
    const value = answer(one, response);
    if (value !== undefined) response.writeHead(200).end(JSON.stringify(value));
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void =>
    void onRequest(request, response);
  const server = setup.tls === undefined ? createServer(listener) : createTlsServer(setup.tls, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `${setup.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  const folder = await mkdtemp(join(tmpdir(), "kts-api-"));
  const kubeconfig = join(folder, "config");
  const config = {
    "current-context": "played",
    clusters: [{ name: "c", cluster: { server: url, ...setup.cluster } }],
    users: [{ name: "u", user: { token: "letmein", ...setup.user } }],
    contexts: [{ name: "played", context: { cluster: "c", user: "u", namespace: "team-a" } }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  return {
    url,
    kubeconfig,
    folder,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
