import { isMarkedAsUntransferable } from "node:worker_threads";
import { DATATYPE_ARRAY, type Datatype, type FixedDatatype } from "../../contract/datatype.ts";
import { type Tensor, elementCount } from "../../contract/tensor.ts";
import { SMALL_BYTES } from "../pipeline/tensor-memory.ts";

/** Whether a block of memory may be taken along for the sake of a view of so many bytes. */
export type MayMove = (block: ArrayBuffer, viewBytes: number) => boolean;

/** An answer that shows less than this part (1 / 4) of a block is copied out: the block is better freed where it is. */
const WORTH_MOVING = 4;

/** Whether a view shows enough of its block that the block may as well move. */
export const isWorthMoving: MayMove = (block, viewBytes) => viewBytes * WORTH_MOVING >= block.byteLength;

/** A tensor's data on its way: as it is, or, where it is small, its offset in the message's hold. */
export type LoadedData = Tensor["data"] | number;

/**
 * Collects the memory that moves with one message. What is large moves instead of being cloned; a view that cannot
 * move its memory (it is small, shared, or somebody else's) is copied out, since a clone would take the whole block
 * behind it along. All that is small goes into one block, the hold: a block for each would cost more than its bytes.
 */
export class Cargo {
  readonly #blocks = new Set<ArrayBuffer>();
  readonly #small: ArrayBufferView[] = [];
  readonly #offsets: number[] = [];
  #end = 0;

  /**
   * Closes the hold; nothing can be loaded afterwards.
   * @returns undefined where nothing small was loaded
   */
  close(): ArrayBuffer | undefined {
    const small = this.#small;
    if (small.length === 0) return undefined;
    const hold = new Uint8Array(this.#end);
    for (let at = 0; at < small.length; at++) {
      const { buffer, byteOffset, byteLength } = small[at] as ArrayBufferView;
      hold.set(new Uint8Array(buffer, byteOffset, byteLength), this.#offsets[at]);
    }
    // A small one is cloned: that takes less than moving it.
    if (this.#end > SMALL_BYTES) this.#blocks.add(hold.buffer);
    return hold.buffer;
  }

  /** The transfer list of the message. */
  get blocks(): ArrayBuffer[] {
    return [...this.#blocks];
  }

  /**
   * A tensor's data, ready to be sent.
   * @param mayMove whether a block is the message's to take; what moves must not be touched afterwards
   */
  load({ datatype, data }: Tensor, mayMove: MayMove): LoadedData {
    if (Array.isArray(data)) return data.map((element) => this.#loadBytes(element, mayMove));
    const view = data as Uint8Array;
    if (this.#moves(view, mayMove)) return view;
    if (view.byteLength <= SMALL_BYTES) return this.#stow(view, view.BYTES_PER_ELEMENT);
    const construct = DATATYPE_ARRAY[datatype as FixedDatatype] as ViewConstructor;
    return new construct(this.#copyOut(view));
  }

  /**
   * Small tensors' data one behind the other, ready to be sent as if it were one tensor's.
   * @param parts of one datatype, none larger than `SMALL_BYTES`
   */
  loadJoined(parts: readonly ArrayBufferView[]): LoadedData {
    const [first] = parts;
    const offset = this.#stow(first as ArrayBufferView, (first as Uint8Array).BYTES_PER_ELEMENT);
    // They end where an element ends, so nothing lies between them.
    for (let at = 1; at < parts.length; at++) this.#stow(parts[at] as ArrayBufferView, 1);
    return offset;
  }

  /** Bytes, ready to be sent. */
  loadBytes(bytes: Uint8Array, mayMove: MayMove): Uint8Array {
    return this.#loadBytes(bytes, mayMove);
  }

  #loadBytes(view: Uint8Array, mayMove: MayMove): Uint8Array {
    const isWhole = view.buffer.byteLength === view.byteLength;
    if ((isWhole && view.byteLength <= SMALL_BYTES) || this.#moves(view, mayMove)) return view;
    return new Uint8Array(this.#copyOut(view));
  }

  #moves(view: Uint8Array, mayMove: MayMove): boolean {
    const block = view.buffer;
    if (!(block instanceof ArrayBuffer) || block.byteLength <= SMALL_BYTES) return false;
    if (isMarkedAsUntransferable(block) || !mayMove(block, view.byteLength)) return false;
    this.#blocks.add(block);
    return true;
  }

  #copyOut(view: Uint8Array): ArrayBuffer {
    const copy = new Uint8Array(view.byteLength);
    copy.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    if (copy.byteLength > SMALL_BYTES) this.#blocks.add(copy.buffer);
    return copy.buffer;
  }

  #stow(view: ArrayBufferView, elementBytes: number): number {
    const offset = Math.ceil(this.#end / elementBytes) * elementBytes;
    this.#small.push(view);
    this.#offsets.push(offset);
    this.#end = offset + view.byteLength;
    return offset;
  }
}

/**
 * A tensor's data as it came.
 * @param hold of its message
 */
export function unload(
  data: LoadedData,
  datatype: Datatype,
  shape: readonly number[],
  hold: ArrayBuffer | undefined,
): Tensor["data"] {
  if (typeof data !== "number") return data;
  const construct = DATATYPE_ARRAY[datatype as FixedDatatype] as ViewConstructor;
  return new construct(hold as ArrayBuffer, data, elementCount(shape));
}

/** Any of the datatypes' arrays, over a block. */
type ViewConstructor = new (block: ArrayBuffer, offset?: number, length?: number) => Uint8Array;
