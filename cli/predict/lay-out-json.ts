/**
 * JSON text laid out for people: two spaces a level, and what fits into the rest of a line on one line. Works on the
 * text, so that every number stays as it was written.
 * @param text valid JSON
 * @param width columns of a line
 */
export function layOutJson(text: string, width: number): string {
  return new Layout(tokensOf(text), width).value(0);
}

/** Strings, numbers and words, and brackets, colons and commas each alone. */
function tokensOf(text: string): readonly string[] {
  return text.match(/"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+/g) ?? [];
}

const INDENT = 2;

class Layout {
  readonly #tokens: readonly string[];
  readonly #width: number;
  #at = 0;

  constructor(tokens: readonly string[], width: number) {
    this.#tokens = tokens;
    this.#width = width;
  }

  /**
   * The next value.
   * @param indent of the line that it is on
   * @param column it begins at
   */
  value(indent: number, column = indent): string {
    const token = this.#take();
    if (token !== "[" && token !== "{") return token;
    const close = token === "[" ? "]" : "}";
    const parts: string[] = [];
    let isFlat = true;
    while (this.#tokens[this.#at] !== close) {
      if (parts.length > 0) this.#take();
      isFlat &&= !"[{".includes(this.#tokens[this.#at] as string);
      parts.push(token === "[" ? this.value(indent + INDENT) : this.#member(indent + INDENT));
    }
    this.#take();
    const line = `${token}${parts.join(", ")}${close}`;
    if (column + line.length <= this.#width && !line.includes("\n")) return line;
    const lines =
      token === "[" && isFlat
        ? this.#fill(parts, indent + INDENT)
        : parts.join(`,\n${" ".repeat(indent + INDENT)}`);
    return `${token}\n${" ".repeat(indent + INDENT)}${lines}\n${" ".repeat(indent)}${close}`;
  }

  #member(indent: number): string {
    const key = `${this.#take()}: `;
    this.#take();
    return key + this.value(indent, indent + key.length);
  }

  /** As many scalars on a line as it holds; a string may have spaces, so this is no wrapping of text. */
  #fill(parts: readonly string[], indent: number): string {
    const lines: string[] = [];
    let line = "";
    for (const part of parts) {
      if (line !== "" && indent + line.length + part.length + 3 > this.#width) {
        lines.push(`${line},`);
        line = part;
      } else {
        line = line === "" ? part : `${line}, ${part}`;
      }
    }
    return [...lines, line].join(`\n${" ".repeat(indent)}`);
  }

  #take(): string {
    return this.#tokens[this.#at++] as string;
  }
}
