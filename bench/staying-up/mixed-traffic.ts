import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { INFER_PATH, PREDICT_PATH } from "../load/http-post.ts";
import { createRandom } from "../load/random.ts";
import { IMAGE_ELEMENTS } from "../load/requests.ts";
import { Client, type Ending, Tally } from "./client.ts";
import { type CallEnding, GrpcClient, inferRequest } from "./grpc-client.ts";

const PIECES = 20;
const BOMB_BYTES = 128 * 1_048_576;
const DEEP = 100_000;
/** Between bombs and the like, which are dear to send. */
const PAUSE_MS = 250;

/** What came of one kind of request, and what should have. */
export interface Kind {
  readonly name: string;
  readonly tally: Tally;
  readonly expected: string;
}

/**
 * Everything that `load/soak-mix.ts` is not: V1, gRPC, streams over both, clients that leave them in the middle, and
 * bodies that are made to do harm. Each kind goes on without a pause, or with a short one, until `isOver` says so.
 */
export async function mixedTraffic(
  ports: { readonly rest: number; readonly grpc: number },
  isOver: () => boolean,
): Promise<readonly Kind[]> {
  using client = new Client(ports.rest);
  using caller = new GrpcClient(ports.grpc);
  const random = createRandom(11);
  const images = [10, 784, 9_000, IMAGE_ELEMENTS].map((length) => new Float32Array(length).map(random));
  const image = () => images[Math.floor(random() * images.length)] as Float32Array;
  const pieces = { parameters: { pieces: { int64_param: PIECES } } };
  const events = { accept: "text/event-stream" };
  const streamed = JSON.stringify({ instances: [[1, 2, 3]], pieces: PIECES });
  const streamedV2 = (values: Float32Array) =>
    JSON.stringify({
      parameters: { pieces: PIECES },
      inputs: [{ name: "image", shape: [1, values.length], datatype: "FP32", data: [...values] }],
    });
  const deep = `{"instances":${"[".repeat(DEEP)}${"]".repeat(DEEP)}}`;
  const bomb = gzipSync(Buffer.alloc(BOMB_BYTES, " "));
  const short = {
    ...inferRequest(new Float32Array(9)),
    inputs: [{ name: "image", datatype: "FP32", shape: [1, 10] }],
  };

  const kinds: Kind[] = [];
  const goOn = async (
    name: string,
    expected: string,
    ask: () => Promise<Ending | CallEnding>,
    pauseMs?: number,
  ) => {
    const tally = new Tally();
    kinds.push({ name, tally, expected });
    while (!isOver()) {
      const ending = await ask();
      if ("answers" in ending) tally.count(ending.status);
      else tally.add(ending);
      if (pauseMs !== undefined) await sleep(pauseMs);
    }
  };
  await Promise.all([
    goOn("V1", "200", () => client.predict([1, 2, 3, 4])),
    goOn("V1 stream", "200", () => client.post(PREDICT_PATH, streamed, events)),
    goOn("V2 stream", "200", () => client.post(INFER_PATH, streamedV2(images[1] as Float32Array), events)),
    goOn("gRPC", "OK", () => caller.infer(inferRequest(image()))),
    goOn("gRPC stream", "OK", () => caller.stream(inferRequest(image(), pieces))),
    goOn("gRPC stream, left", "CANCELLED", () =>
      caller.stream(inferRequest(image(), pieces), 1 + random() * 8),
    ),
    goOn("gRPC, short of an element", "INVALID_ARGUMENT", () => caller.infer(short), PAUSE_MS),
    goOn("nested too deep", "400", () => client.post(PREDICT_PATH, deep), PAUSE_MS),
    goOn(
      "a zip bomb",
      "413",
      () => client.post(PREDICT_PATH, bomb, { "content-encoding": "gzip" }),
      PAUSE_MS,
    ),
    goOn("a path that climbs", "404", () => client.post("/v2/models/..%2f..%2fetc/infer", "{}"), PAUSE_MS),
  ]);
  return kinds;
}
