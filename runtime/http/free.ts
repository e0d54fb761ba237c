/** Below this a buffer may be part of node's shared pool, and freeing it gains nothing. */
export const SMALL_BYTES = 4096;

/**
 * Gives a buffer's memory back at once. V8 frees memory outside its heap late, and answers many large bodies with
 * long garbage collections; this is worth a factor of three at 600 KB. Afterwards every view of it is empty.
 * Buffers that are small, or share their memory with others (node's pool), are left alone.
 */
export function freeBuffer(buffer: Uint8Array): void {
  if (buffer.byteLength > SMALL_BYTES && ownsItsMemory(buffer)) (buffer.buffer as ArrayBuffer).transfer(0);
}

/** Whether nothing else can be looking at the buffer's memory. */
export function ownsItsMemory(buffer: Uint8Array): boolean {
  return (
    buffer.byteOffset === 0 &&
    buffer.buffer.byteLength === buffer.byteLength &&
    buffer.buffer instanceof ArrayBuffer
  );
}
