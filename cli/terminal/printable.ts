/** Somebody else's text on one line: no control character of theirs reaches the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, " ");
}
