import { fixtureRequest } from "./fixture-requests.ts";
import { binaryRequest, httpPost, INFER_PATH, PREDICT_PATH } from "./http-post.ts";
import { createRandom } from "./random.ts";

/** The requests a benchmark sends; the first five are those of performance.md. */
export type RequestName =
  | "small-v1"
  | "small-v2"
  | "medium"
  | "large"
  | "bin"
  | "iris-v1"
  | "iris-v2"
  | "iris-bin"
  | "digits-json"
  | "digits-bin";

/** What a right answer holds. Numbers may differ by `tolerance` (absolute, and relative to the expected one). */
export type Expected =
  | { readonly kind: "predictions"; readonly predictions: readonly unknown[]; readonly tolerance: number }
  | {
      readonly kind: "outputs";
      readonly outputs: readonly (readonly number[])[];
      readonly tolerance: number;
    };

/** A request, ready to be written to a socket as often as wanted. */
export interface LoadRequest {
  readonly bytes: Buffer;
  readonly bodyBytes: number;
  readonly status: number;
  /** What the answer holds; undefined where only its status counts. */
  readonly expected: Expected | undefined;
}

/** Pixels of a 224 x 224 image with three channels. */
export const IMAGE_ELEMENTS = 3 * 224 * 224;

const FIRST = 10;
const cache = new Map<RequestName, LoadRequest>();

/** A request by name; made once a process. */
export function loadRequest(name: RequestName): LoadRequest {
  let request = cache.get(name);
  if (request === undefined) cache.set(name, (request = create(name)));
  return request;
}

function create(name: RequestName): LoadRequest {
  switch (name) {
    case "small-v1":
      return smallV1();
    case "small-v2":
      return jsonImage([1, FIRST]);
    case "medium":
      return jsonImage([1, 784]);
    case "large":
      return jsonImage([1, 3, 224, 224]);
    case "bin":
      return binaryImage(IMAGE_ELEMENTS, [1, 3, 224, 224]);
    default:
      return fixtureRequest(name);
  }
}

function smallV1(): LoadRequest {
  const instances = [
    [6.8, 2.8, 4.8, 1.4],
    [6, 3.4, 4.5, 1.6],
    [5.1, 3.5, 1.4, 0.2],
    [6.3, 3.3, 6, 2.5],
  ];
  return {
    ...httpPost(PREDICT_PATH, JSON.stringify({ instances })),
    status: 200,
    expected: { kind: "predictions", predictions: instances, tolerance: 0 },
  };
}

/** An FP32 tensor of numbers with seven digits, as JSON; answered with its first ten. */
function jsonImage(shape: readonly number[]): LoadRequest {
  const random = createRandom(1);
  const count = shape.reduce((product, length) => product * length, 1);
  const texts = Array.from({ length: count }, () => random().toFixed(7));
  const head = `{"id":"bench","inputs":[{"name":"image","shape":${JSON.stringify(shape)},"datatype":"FP32","data":[`;
  return {
    ...httpPost(INFER_PATH, `${head}${texts.join(",")}]}]}`),
    status: 200,
    expected: firstTen(texts.map(Number)),
  };
}

/** An FP32 tensor as binary extension; answered with its first ten numbers. */
export function binaryImage(elements: number, shape: readonly number[]): LoadRequest {
  const random = createRandom(2);
  const image = Float32Array.from({ length: elements }, () => random());
  const post = binaryRequest([
    { name: "image", shape, datatype: "FP32", bytes: new Uint8Array(image.buffer) },
  ]);
  return { ...post, status: 200, expected: firstTen([...image.subarray(0, FIRST)]) };
}

function firstTen(values: readonly number[]): Expected {
  return { kind: "outputs", outputs: [values.slice(0, FIRST).map(Math.fround)], tolerance: 0 };
}
