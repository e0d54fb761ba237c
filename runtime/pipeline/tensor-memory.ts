import type { Payload, Prediction } from "../../contract/inference.ts";

/**
 * Memory up to this size is cloned between threads and left to the garbage collector: moving and freeing costs more,
 * and Node's shared pool has buffers of this kind.
 */
export const SMALL_BYTES = 4096;

const shared = new WeakSet<ArrayBuffer>();

/** Marks a block that several requests have tensors in: it is nobody's to move or to free. */
export function shareBlock(block: ArrayBuffer): void {
  shared.add(block);
}

/** The memory blocks of a request's tensors that are worth moving or freeing. */
export function largeBlocks(payload: Payload): Set<ArrayBuffer> {
  const blocks = new Set<ArrayBuffer>();
  if (payload.kind === "instances") return blocks;
  for (const name in payload.tensors) {
    const data = payload.tensors[name]?.data;
    if (!Array.isArray(data)) addBlock(data, blocks);
    else for (const element of data) addBlock(element, blocks);
  }
  return blocks;
}

function addBlock(view: ArrayBufferView | undefined, blocks: Set<ArrayBuffer>): void {
  const block = view?.buffer;
  if (block instanceof ArrayBuffer && block.byteLength > SMALL_BYTES && !shared.has(block)) {
    blocks.add(block);
  }
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
