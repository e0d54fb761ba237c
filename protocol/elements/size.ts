import { DATATYPE_SIZE, type Datatype } from "../../contract/datatype.ts";
import { type ErrorCode, KtsError } from "../../contract/errors.ts";
import type { NamedTensor } from "../../contract/inference.ts";
import type { Tensor } from "../../contract/tensor.ts";
import type { DecodeLimits } from "../limits.ts";

/** What V8 takes for the view that each element of a BYTES tensor is. */
const VIEW_BYTES = 104;

/** How many elements a shape holds; unlike a plain product, right for `[0, 2^53, 2^53]` too. */
export function countElements(shape: readonly number[]): number {
  let count = 1;
  for (const length of shape) {
    if (length === 0) return 0;
    count *= length;
  }
  return count;
}

/**
 * Checks how much memory a tensor will take, before any is taken.
 * @throws KtsError KTS_BODY_TOO_LARGE
 */
export function checkTensorSize(datatype: Datatype, count: number, path: string, limits: DecodeLimits): void {
  const bytes = count * (DATATYPE_SIZE[datatype] || VIEW_BYTES);
  if (bytes <= limits.maxTensorBytes) return;
  throw new KtsError(
    "KTS_BODY_TOO_LARGE",
    `a ${datatype} tensor of ${count} elements takes ${bytes} bytes of memory, the limit is ${limits.maxTensorBytes}`,
    { path, hint: "Send less at once, or raise --max_tensor_bytes." },
  );
}

/** What is wrong with a tensor whose elements do not fill its shape; undefined where they do. */
export function shapeProblem({ shape, data }: Tensor): string | undefined {
  if (countElements(shape) === data.length) return undefined;
  return `has ${data.length} elements, which do not make the shape [${shape.join(", ")}]`;
}

/** @throws KtsError with that code when a tensor's elements do not fill its shape */
export function checkShape(tensor: NamedTensor, kind: "input" | "output", code: ErrorCode): void {
  const problem = shapeProblem(tensor);
  if (problem !== undefined) throw new KtsError(code, `${kind} ${tensor.name} ${problem}`);
}
