import type { ServerHttp2Stream } from "node:http2";
import { SMALL_BYTES } from "../http/free.ts";

/**
 * The memory that one connection was read into. What a call's "data" event shows is a slice of it: each read of the
 * socket has a block of its own, which V8 frees late. A message of 600 KB leaves as much behind again, and the
 * garbage collections that this asks for are a third of what it takes to answer it. So each block is freed here, once
 *
 * - a later block has come: node has a pointer into the one it works on, but never into an earlier one, and
 * - all that was shown of it was taken at once by a listener that copied it. Where a stream keeps some for later,
 *   since it is paused, the block is left to the garbage collector.
 *
 * Blocks come in the order of `push`, which is what node calls on a stream with what it has read. Were it ever not
 * called, or always with the same block, nothing would be freed.
 */
export class ReadBuffers {
  #newest: ArrayBuffer | undefined;
  #isCopied = false;
  #knowsAll = true;

  /**
   * Watches what a stream is given. Its "data" listener has to copy what it is shown.
   * @param stream of this connection, whose "stream" event is being told
   */
  follow(stream: ServerHttp2Stream): void {
    // Who came before us has left a slice in it of which nobody knows the block.
    if (stream.readableLength > 0) this.#knowsAll = false;
    const push = stream.push;
    stream.push = (chunk: Uint8Array | null, encoding?: BufferEncoding) => {
      const takesMore = push.call(stream, chunk, encoding);
      if (chunk !== null) this.#came(chunk.buffer, stream.readableLength === 0);
      return takesMore;
    };
  }

  #came(block: ArrayBufferLike, isCopied: boolean): void {
    if (block === this.#newest) {
      this.#isCopied &&= isCopied;
      return;
    }
    if (this.#newest !== undefined && this.#isCopied && this.#knowsAll) this.#newest.transfer(0);
    // What is small is not worth it, and may lie in a block that node shares between many.
    const isWorthIt = block instanceof ArrayBuffer && block.byteLength > SMALL_BYTES;
    this.#newest = isWorthIt ? block : undefined;
    this.#isCopied = isCopied;
  }
}
