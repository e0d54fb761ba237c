import { GrpcInferenceClient, InferenceClient } from "../../client/index.ts";
import { SERVER_OPTIONS } from "../../runtime/option-table.ts";
import { type ServerOptions, defaultServerOptions } from "../../runtime/options.ts";
import { startServer } from "../../runtime/server.ts";
import type { ReachCall } from "./reach-options.ts";
import type { ReachedServer } from "./reached-server.ts";

/** Requests in flight are waited for before a server is stopped; there are none left then. */
const GRACE_MS = 1_000;

/**
 * Starts a server of the project on free ports of loopback.
 * @param wantsGrpc whether it is to be asked over gRPC
 * @throws KtsError as `startServer`
 */
export async function reachLocal(call: ReachCall, wantsGrpc: boolean): Promise<ReachedServer> {
  const { options, terminal, isVerbose } = call;
  const { dir } = call.arguments;
  const given = new Set<keyof ServerOptions>(["httpPort", "grpcPort", "host", "gracePeriodMs", "logLevel"]);
  const chosen: Partial<Record<keyof ServerOptions, unknown>> = {};
  for (const { key } of SERVER_OPTIONS) {
    if (!call.given.has(key)) continue;
    given.add(key);
    chosen[key] = (options as unknown as ServerOptions)[key];
  }
  const server = await startServer(
    dir,
    {
      ...defaultServerOptions(),
      ...(chosen as Partial<ServerOptions>),
      httpPort: 0,
      grpcPort: 0,
      host: "127.0.0.1",
      gracePeriodMs: GRACE_MS,
      logLevel: isVerbose ? "info" : "error",
      logFormat: "text",
    },
    { given: given.add("logFormat"), logSink: (line) => isVerbose && terminal.complain(line.trimEnd()) },
  );
  const { timeoutMs } = options;
  const rest = new InferenceClient(server.url, { timeoutMs });
  const { grpcPort } = server;
  const grpc =
    grpcPort === undefined || !wantsGrpc
      ? undefined
      : new GrpcInferenceClient(`127.0.0.1:${grpcPort}`, { timeoutMs });
  return {
    title: `a server of ${dir}`,
    rest,
    headers: {},
    grpc,
    noGrpc: "the config file turns gRPC off",
    modelName: options.model,
    async [Symbol.asyncDispose]() {
      rest.close();
      grpc?.close();
      await server.stop();
    },
  };
}
