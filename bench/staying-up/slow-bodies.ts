import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from "node:http2";
import { type Socket, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { httpPost, INFER_PATH } from "../load/http-post.ts";
import { freePort } from "../servers/free-port.ts";
import { launch } from "../servers/launch.ts";
import { Client, Tally, noneInFlight } from "./client.ts";
import { GrpcClient, inferRequest } from "./grpc-client.ts";
import { settledMb, warmMb } from "./memory.ts";
import { Prober } from "./prober.ts";
import type { Scenario } from "./scenario.ts";

const BYTE_EVERY_MS = 1_000;
/** Of the slow ones, one in so many is slow over gRPC. */
const GRPC_SHARE = 4;
const STREAMS_A_CONNECTION = 25;
const MEMORY_RATIO = 1.25;

/** Clients that announce a large body and then send a byte a second of it. */
export const slowBodies: Scenario = {
  name: "slow-bodies",
  what: "clients that announce a body of 600 KB and send a byte of it a second, a quarter of them over gRPC",
  async run(settings) {
    const grpcPort = await freePort();
    await using server = await launch("first-ten-worker", {
      ...settings,
      flags: { "--grpc_port": grpcPort },
    });
    const { port } = server;
    const beforeMb = await warmMb(server);
    await using prober = await Prober.start(port, settings);
    const overGrpc = Math.floor(settings.slowBodies / GRPC_SHARE);
    const rest = await Promise.all(Array.from({ length: settings.slowBodies - overGrpc }, () => slow(port)));
    const grpc = await Promise.all(
      Array.from({ length: Math.ceil(overGrpc / STREAMS_A_CONNECTION) }, () => slowStreams(grpcPort)),
    );
    using client = new Client(port);
    using caller = new GrpcClient(grpcPort);
    const image = inferRequest(new Float32Array(10));
    const tally = new Tally();
    const until = performance.now() + settings.seconds * 1_000;
    while (performance.now() < until) {
      for (const socket of rest) socket.write("1");
      for (const stream of grpc.flatMap(({ streams }) => streams)) stream.write(Buffer.of(0));
      tally.add(await client.infer(1));
      tally.count((await caller.infer(image)).status);
      await sleep(BYTE_EVERY_MS);
    }
    const held = rest.filter((socket) => !socket.destroyed).length;
    const streams = grpc.flatMap((connection) => connection.streams);
    const heldStreams = streams.filter((stream) => !stream.destroyed).length;
    for (const socket of rest) socket.destroy();
    for (const { session } of grpc) session.destroy();
    const health = await prober.stop();
    const afterMb = await settledMb(server, beforeMb * MEMORY_RATIO);
    const inFlight = await noneInFlight(port);
    return {
      figures: {
        "slow bodies held by REST": held,
        "slow messages held by gRPC": heldStreams,
        ...health.figures,
        "MB before": beforeMb,
        "MB after": afterMb,
      },
      checks: [
        ...health.checks,
        {
          what: "requests of others are answered meanwhile",
          got: String(tally),
          holds: tally.except(200, "OK") === 0,
        },
        { what: "no request is left in flight", got: inFlight, holds: inFlight === 0 },
        {
          what: `memory returns to within ${MEMORY_RATIO} of what it was`,
          got: afterMb / beforeMb,
          holds: afterMb <= beforeMb * MEMORY_RATIO,
        },
      ],
    };
  },
};

/** A connection with the head of a request, and no body yet. */
async function slow(port: number): Promise<Socket> {
  const { bytes } = httpPost(INFER_PATH, "", { "Content-Length": "602112" });
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(bytes);
  socket.resume();
  return socket;
}

/** A connection with several calls, each of which has announced its message. */
async function slowStreams(
  port: number,
): Promise<{ readonly session: ClientHttp2Session; readonly streams: readonly ClientHttp2Stream[] }> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  await once(session, "connect");
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(602_112, 1);
  const streams = Array.from({ length: STREAMS_A_CONNECTION }, () => {
    const stream = session.request({
      ":method": "POST",
      ":path": "/inference.GRPCInferenceService/ModelInfer",
      te: "trailers",
      "content-type": "application/grpc",
    });
    stream.on("error", () => undefined);
    stream.resume();
    stream.write(prefix);
    return stream;
  });
  return { session, streams };
}
