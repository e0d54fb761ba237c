/** The lines of a text that comes in parts, without their ends; blank ones too, and a last one that has no end. */
export async function* linesOf(parts: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  // Parts of a line are joined once: an object of a watch may be a megabyte in many parts.
  let held: string[] = [];
  for await (const part of parts) {
    const pieces = decoder.decode(part, { stream: true }).split("\n");
    for (const piece of pieces.slice(0, -1)) {
      held.push(piece);
      yield withoutReturn(held.join(""));
      held = [];
    }
    const rest = pieces.at(-1) ?? "";
    if (rest !== "") held.push(rest);
  }
  const last = held.join("") + decoder.decode();
  if (last !== "") yield withoutReturn(last);
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
