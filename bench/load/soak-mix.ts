import { httpPost, INFER_PATH } from "./http-post.ts";
import { createRandom } from "./random.ts";
import { binaryImage, type LoadRequest, loadRequest } from "./requests.ts";

const BINARY_SIZES = 24;
const LARGEST_ELEMENTS = 150_528;

/** Shares of a hundred requests; what is left are binary tensors of any size up to an image's. */
const MIX: readonly { readonly upTo: number; readonly make: () => LoadRequest }[] = [
  { upTo: 0.5, make: () => loadRequest("small-v2") },
  { upTo: 0.75, make: () => loadRequest("medium") },
  { upTo: 0.78, make: () => loadRequest("large") },
  { upTo: 0.8, make: badRequest },
];

let bad: LoadRequest | undefined;
let binaries: LoadRequest[] | undefined;

/** Requests in a random, repeatable order: half of them small, one in five binary of many sizes, one in fifty bad. */
export function soakMix(seed: number): () => LoadRequest {
  const random = createRandom(seed);
  const sizes = (binaries ??= binaryRequests());
  return () => {
    const share = random();
    const row = MIX.find(({ upTo }) => share < upTo);
    return row === undefined ? (sizes[Math.floor(random() * sizes.length)] as LoadRequest) : row.make();
  };
}

function binaryRequests(): LoadRequest[] {
  const random = createRandom(3);
  return Array.from({ length: BINARY_SIZES }, () => {
    const elements = 10 + Math.floor(random() ** 2 * (LARGEST_ELEMENTS - 10));
    return binaryImage(elements, [1, elements]);
  });
}

function badRequest(): LoadRequest {
  const body = '{"inputs":[{"name":"image","shape":[1,2],"datatype":"FP32","data":[1]}]}';
  bad ??= { ...httpPost(INFER_PATH, body), status: 400, expected: undefined };
  return bad;
}
