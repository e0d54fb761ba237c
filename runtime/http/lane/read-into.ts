import { Socket, type SocketConstructorOpts } from "node:net";
import { freeBuffer } from "../free.ts";

/** Takes the bytes of a connection as they come: those up to `end`, which are gone when it returns. */
export type Receiver = (bytes: Buffer, end: number) => void;

/** As much as a large body brings at a time: with 64 KiB it took a third longer. */
const READ_BYTES = 262_144;

/** All connections of this thread read into it, one after the other. Made with the first of them. */
let shared: Buffer | undefined;

/** What is inside of a Socket: the one thing here that is not public. */
interface Handle {
  readonly useUserBuffer?: unknown;
  readonly readStart?: unknown;
}

/**
 * Has an accepted connection's bytes read into memory that is used again and again. A fresh buffer for each read, as
 * `data` events have it, takes longer than all the rest of reading a small request, and half of the speed of large ones.
 *
 * Node offers that (`onread`) only for sockets that one makes oneself. So a second Socket is made around the handle of
 * the accepted one. Where the handle is not found where it is today, there are `data` events.
 *
 * @returns the socket to go on with
 */
export function readInto(accepted: Socket, receive: Receiver): Socket {
  const handle = handleOf(accepted);
  if (handle === undefined) {
    accepted.on("data", (chunk: Buffer) => {
      receive(chunk, chunk.length);
      freeBuffer(chunk);
    });
    return accepted;
  }
  shared ??= Buffer.allocUnsafeSlow(READ_BYTES);
  (accepted as unknown as { _handle: unknown })._handle = null;
  accepted.destroy();
  const callback = (length: number, bytes: Uint8Array) => {
    receive(bytes as Buffer, length);
    return true;
  };
  const options = { handle, allowHalfOpen: true, onread: { buffer: shared, callback } };
  return new Socket(options as unknown as SocketConstructorOpts);
}

/** Undefined where it is not as expected. On Windows a read that waits holds on to its buffer, so it cannot be shared. */
function handleOf(socket: Socket): Handle | undefined {
  if (process.platform === "win32") return undefined;
  const handle = (socket as unknown as { _handle?: Handle | null })._handle;
  const isKnown = typeof handle?.useUserBuffer === "function" && typeof handle.readStart === "function";
  return isKnown ? handle : undefined;
}
