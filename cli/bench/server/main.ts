/**
 * The server that `kserve-ts bench` measures, in a process of its own: started with an order by IPC, ended when the
 * channel closes, so that it never outlives the one who measures. Ctrl-C reaches it too and is not for it.
 */
import { isKtsError, messageOf } from "../../../contract/errors.ts";
import { optionsFromEnvironment } from "../../../runtime/option-values.ts";
import { defaultServerOptions } from "../../../runtime/options.ts";
import type { RunningServer } from "../../../runtime/running-server.ts";
import { startServer } from "../../../runtime/server.ts";
import type { ServerMessage, ServerOrder } from "./messages.ts";

let server: RunningServer | undefined;

async function start({ served, settings }: ServerOrder): Promise<void> {
  const chosen = {
    ...optionsFromEnvironment(process.env),
    host: "127.0.0.1",
    httpPort: 0,
    grpcPort: 0,
    drainDelayMs: 0,
    logLevel: "warn",
    ...(settings.workers !== undefined && { workers: settings.workers }),
  } as const;
  server = await startServer(served, { ...defaultServerOptions(), ...chosen }, {
    given: new Set(Object.keys(chosen) as (keyof typeof chosen)[]),
    ...(settings.batching !== undefined && { model: { batching: settings.batching } }),
  }); // prettier-ignore
  const { url, grpcPort, model, workers } = server;
  const { execution, batching } = model.info;
  tell({
    kind: "ready",
    model: model.name,
    url,
    grpcAddress: grpcPort === undefined ? undefined : `127.0.0.1:${grpcPort}`,
    workers,
    execution,
    batching:
      batching === undefined
        ? undefined
        : { maxBatchSize: batching.maxBatchSize, maxDelayMs: batching.maxDelayMs },
  });
}

function fail(error: unknown): void {
  const [code, hint] = isKtsError(error) ? [error.code, error.hint] : ["KTS_INTERNAL" as const, ""];
  tell({ kind: "failed", code, message: messageOf(error), hint });
}

function tell(message: ServerMessage): void {
  if (process.connected) process.send?.(message);
}

process.on("SIGINT", () => undefined);
process.on("message", (order: ServerOrder | "usage") => {
  if (order !== "usage") return void start(order).catch(fail);
  const { user, system } = process.cpuUsage();
  tell({ kind: "usage", cpuMs: (user + system) / 1000 });
});
process.on("disconnect", () => {
  // Nobody is left who waits for an answer.
  setTimeout(() => process.exit(1), 5_000).unref();
  void (server?.stop() ?? Promise.resolve()).finally(() => process.exit(0));
});
