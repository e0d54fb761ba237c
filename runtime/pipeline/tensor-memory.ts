import type { Payload, Prediction } from "../../contract/inference.ts";

/**
 * Memory up to this size is cloned between threads and left to the garbage collector: moving and freeing costs more,
 * and Node's shared pool has buffers of this kind.
 */
export const SMALL_BYTES = 4096;

const shared = new WeakSet<ArrayBuffer>();

const NO_BLOCKS: ReadonlySet<ArrayBuffer> = new Set();

/** Marks a block that several requests have tensors in: it is nobody's to move or to free. */
export function shareBlock(block: ArrayBuffer): void {
  if (block.byteLength > SMALL_BYTES) shared.add(block);
}

/** The memory blocks of a request's tensors that are worth moving or freeing. */
export function largeBlocks(payload: Payload): ReadonlySet<ArrayBuffer> {
  if (payload.kind === "instances") return NO_BLOCKS;
  let blocks: Set<ArrayBuffer> | undefined;
  const add = (view: ArrayBufferView) => {
    const block = view.buffer;
    // Small ones first, which are most: they need no set.
    if (block.byteLength > SMALL_BYTES && block instanceof ArrayBuffer && !shared.has(block)) {
      (blocks ??= new Set()).add(block);
    }
  };
  for (const name in payload.tensors) {
    const data = payload.tensors[name]?.data;
    if (data === undefined) continue;
    if (!Array.isArray(data)) add(data);
    else for (const element of data) add(element);
  }
  return blocks ?? NO_BLOCKS;
}

/**
 * Gives memory back at once. V8 frees what lies outside its heap late, and answers many large requests with long
 * garbage collections. Afterwards every view is empty, so a view that somebody kept never shows another request.
 */
export function freeBlocks(blocks: Iterable<ArrayBuffer>): void {
  for (const block of blocks) if (!block.detached) block.transfer(0);
}

/** Whether an answer may show memory of these blocks: its tensors do, or its JSON could hold a view. */
export function mayShare(prediction: Prediction, blocks: ReadonlySet<ArrayBuffer>): boolean {
  const shows = (view: ArrayBufferView) => blocks.has(view.buffer as ArrayBuffer);
  switch (prediction.kind) {
    case "text":
      return false;
    case "bytes":
      return shows(prediction.bytes);
    case "tensors":
      return prediction.tensors.some(({ data }) => (Array.isArray(data) ? data.some(shows) : shows(data)));
    default:
      return true;
  }
}
