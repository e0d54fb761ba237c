import { GrpcInferenceClient, InferenceClient } from "../../client/index.ts";
import { SERVER_OPTIONS } from "../../runtime/option-table.ts";
import { type ServerOptions, defaultServerOptions } from "../../runtime/options.ts";
import { startServer } from "../../runtime/server.ts";
import type { ReachCall } from "./reach-options.ts";
import type { ReachedServer } from "./reached-server.ts";
import { startStandIn } from "./stand-in.ts";

/** What this server is told, whatever the config file says. */
const OWN_OPTIONS = ["httpPort", "grpcPort", "host", "gracePeriodMs", "logLevel", "logFormat"] as const;

/** Requests in flight are waited for before a server is stopped; there are none left then. */
const GRACE_MS = 1_000;

/**
 * Starts a server of the project on free ports of loopback.
 * @param wantsGrpc whether it is to be asked over gRPC
 * @throws KtsError as `startServer`
 */
export async function reachLocal(call: ReachCall, wantsGrpc: boolean): Promise<ReachedServer> {
  const { terminal, isVerbose } = call;
  const { dir } = call.arguments;
  const given = new Set<keyof ServerOptions>(OWN_OPTIONS);
  const chosen: Partial<Record<keyof ServerOptions, unknown>> = {};
  for (const { key } of SERVER_OPTIONS) {
    if (!call.given.has(key)) continue;
    given.add(key);
    chosen[key] = (call.options as unknown as ServerOptions)[key];
  }
  const logSink = (line: string) => isVerbose && terminal.complain(line.trimEnd());
  const own: ServerOptions = {
    ...defaultServerOptions(),
    ...(chosen as Partial<ServerOptions>),
    httpPort: 0,
    grpcPort: 0,
    host: "127.0.0.1",
    gracePeriodMs: GRACE_MS,
    logLevel: isVerbose ? "info" : "error",
    logFormat: "text",
  };
  await using started = new AsyncDisposableStack();
  const standIn = given.has("predictorHost")
    ? undefined
    : started.use(await startStandIn(dir, own, given, { logSink }));
  const options = { ...own, ...standIn?.options };
  const server = await startServer(dir, options, {
    given: new Set([...given, ...(Object.keys(standIn?.options ?? {}) as (keyof ServerOptions)[])]),
    logSink,
  });
  started.defer(() => server.stop());
  const { timeoutMs, model: modelName } = call.options;
  const rest = started.use(new InferenceClient(server.url, { timeoutMs }));
  const { grpcPort } = server;
  const grpc =
    grpcPort === undefined || !wantsGrpc
      ? undefined
      : started.use(new GrpcInferenceClient(`127.0.0.1:${grpcPort}`, { timeoutMs }));
  const kept = started.move();
  return {
    title: `a server of ${dir}`,
    rest,
    headers: {},
    grpc,
    noGrpc: "the config file turns gRPC off",
    modelName,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
