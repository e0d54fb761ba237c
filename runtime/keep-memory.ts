const BLOCK_BYTES = 8 << 20;

/**
 * Keeps glibc from handing memory back to the kernel after each burst of large bodies, only to fault it in again for
 * the next: 32 bodies of 600 KB at once take a third longer so. The allocator learns from the first large block that
 * is freed; nothing touches the block's pages, so it costs nothing. Without effect on other allocators.
 */
export function keepFreedMemory(): void {
  new ArrayBuffer(BLOCK_BYTES).transfer(0);
}
