import { isMarkedAsUntransferable } from "node:worker_threads";
import { DATATYPE_ARRAY, type FixedDatatype } from "../../contract/datatype.ts";
import type { Tensor } from "../../contract/tensor.ts";
import { SMALL_BYTES } from "../pipeline/tensor-memory.ts";

/** Whether a block of memory may be taken along for the sake of a view of so many bytes. */
export type MayMove = (block: ArrayBuffer, viewBytes: number) => boolean;

/**
 * Collects the memory that moves with one message. What is large moves instead of being cloned; a view that cannot
 * move its memory (it is small, shared, or somebody else's) is copied out, since a clone would take the whole block
 * behind it along.
 */
export class Cargo {
  readonly #blocks = new Set<ArrayBuffer>();

  /** The transfer list of the message. */
  get blocks(): ArrayBuffer[] {
    return [...this.#blocks];
  }

  /**
   * A tensor's data, ready to be sent.
   * @param mayMove whether a block is the message's to take; what moves must not be touched afterwards
   */
  load({ datatype, data }: Tensor, mayMove: MayMove): Tensor["data"] {
    if (Array.isArray(data)) return data.map((element) => this.#loadView(element, Uint8Array, mayMove));
    const construct = DATATYPE_ARRAY[datatype as FixedDatatype] as ViewConstructor;
    return this.#loadView(data as Uint8Array, construct, mayMove);
  }

  /** Bytes, ready to be sent. */
  loadBytes(bytes: Uint8Array, mayMove: MayMove): Uint8Array {
    return this.#loadView(bytes, Uint8Array, mayMove);
  }

  #loadView(view: Uint8Array, construct: ViewConstructor, mayMove: MayMove): Uint8Array {
    const block = view.buffer;
    const large = block.byteLength > SMALL_BYTES;
    if (!large && block.byteLength === view.byteLength) return view;
    if (
      large &&
      block instanceof ArrayBuffer &&
      !isMarkedAsUntransferable(block) &&
      mayMove(block, view.byteLength)
    ) {
      this.#blocks.add(block);
      return view;
    }
    const copy = new Uint8Array(view.byteLength);
    copy.set(new Uint8Array(block, view.byteOffset, view.byteLength));
    if (copy.byteLength > SMALL_BYTES) this.#blocks.add(copy.buffer);
    return new construct(copy.buffer);
  }
}

/** Any of the datatypes' arrays, over a block. */
type ViewConstructor = new (block: ArrayBuffer) => Uint8Array;
