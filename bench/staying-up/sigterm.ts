import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../servers/free-port.ts";
import { launch } from "../servers/launch.ts";
import { Client, Tally } from "./client.ts";
import { GrpcClient, inferRequest } from "./grpc-client.ts";
import type { Scenario } from "./scenario.ts";

const CONNECTIONS = 32;
const GRPC_CONNECTIONS = 4;
const CALLS_A_CONNECTION = 8;
const ROUNDS = 5;
const LOAD_MS = 1_000;
const GRACE_MS = 30_000;
const CALL = inferRequest(new Float32Array(1));

/** Whether the library says that it never had a connection to send a call over. */
const NEVER_SENT = /^No connection established|ECONNREFUSED/;

/** SIGTERM while clients never pause, several times. */
export const sigterm: Scenario = {
  name: "sigterm",
  what: `SIGTERM in the middle of ${CONNECTIONS} connections and ${GRPC_CONNECTIONS * CALLS_A_CONNECTION} gRPC streams of 2 ms predicts that never pause, ${ROUNDS} times`,
  async run(settings) {
    const seen = new Seen();
    const exitMs: number[] = [];
    const exitCodes = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const grpcPort = await freePort();
      const flags = { "--grpc_port": grpcPort, "--grace_period_ms": GRACE_MS };
      await using server = await launch("mortal", { ...settings, flags });
      const stop = new AbortController();
      const clients = [hammer(server.port, seen, stop.signal), call(grpcPort, seen, stop.signal)];
      await sleep(LOAD_MS);
      const exited = once(server.child.process, "exit");
      const startedAt = performance.now();
      stop.abort();
      server.child.process.kill("SIGTERM");
      const [code, signal] = (await exited) as [number | null, string | null];
      exitMs.push(performance.now() - startedAt);
      exitCodes.add(String(code ?? signal));
      await Promise.all(clients);
    }
    const slowestExitMs = Math.max(...exitMs);
    return {
      figures: {
        "answered over REST": seen.rest.of(200),
        "answered over gRPC": seen.grpc.of("OK"),
        "slowest exit, ms": slowestExitMs,
        "connections the server never took, reset": seen.neverAccepted,
      },
      checks: [
        { what: "no request was lost over REST", got: seen.lostRest, holds: seen.lostRest === 0 },
        { what: "none over gRPC", got: seen.lostGrpc.join(", ") || 0, holds: seen.lostGrpc.length === 0 },
        {
          what: "every answer over REST is 200",
          got: String(seen.rest),
          holds: seen.rest.except(200, "ECONNREFUSED", "ECONNRESET", "EPIPE") === 0,
        },
        {
          what: "every one over gRPC is OK",
          got: String(seen.grpc),
          holds: seen.grpc.except("OK", "UNAVAILABLE") === 0,
        },
        { what: "it exits with 0", got: [...exitCodes].join(", "), holds: [...exitCodes].join() === "0" },
        { what: "within the grace period", got: slowestExitMs, holds: slowestExitMs < GRACE_MS },
      ],
    };
  },
};

/** What the clients of all rounds saw. */
class Seen {
  readonly rest = new Tally();
  readonly grpc = new Tally();
  lostRest = 0;
  readonly lostGrpc: string[] = [];
  neverAccepted = 0;
}

/** Predicts over REST without a pause, until the server is gone. `stopping` aborts when it has been told to go. */
async function hammer(port: number, seen: Seen, stopping: AbortSignal): Promise<void> {
  using client = new Client(port);
  const loop = async () => {
    for (;;) {
      const ending = await client.predict(1);
      seen.rest.add(ending);
      if (ending.error === undefined) continue;
      // A connection that the server never took is the next replica's; one that it took is a promise.
      if (!stopping.aborted || ending.reused) seen.lostRest++;
      else if (ending.error !== "ECONNREFUSED") seen.neverAccepted++;
      return;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, loop));
}

/** The same over gRPC. */
async function call(port: number, seen: Seen, stopping: AbortSignal): Promise<void> {
  const loop = async (client: GrpcClient) => {
    for (;;) {
      const { status, details } = await client.infer(CALL);
      seen.grpc.count(status);
      if (status === "OK") continue;
      if (!stopping.aborted || status !== "UNAVAILABLE" || !NEVER_SENT.test(details)) {
        seen.lostGrpc.push(`${status}: ${details}`);
      }
      return;
    }
  };
  await Promise.all(
    Array.from({ length: GRPC_CONNECTIONS }, async () => {
      using client = new GrpcClient(port);
      await Promise.all(Array.from({ length: CALLS_A_CONNECTION }, () => loop(client)));
    }),
  );
}
