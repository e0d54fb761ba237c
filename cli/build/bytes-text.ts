const UNITS = ["B", "KB", "MB", "GB", "TB"];

/** `46.2 MB`, `1.9 KB`, `12 B`; 1 KB is 1024 B. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}
