/** Why a text is no JSON, in a sentence, with the place as KServe's server gives it. */
export function explainSyntaxError(text: string): string {
  if (text.length === 0) return "the body is empty, expected JSON: line 1 column 1 (char 0)";
  const { at, expected } = new SyntaxFinder(text).find();
  return `${describe(text, at, expected)}: ${place(text, at)}`;
}

const NON_FINITE = /^-?(?:NaN|Infinity|inf|nan)/;

function describe(text: string, at: number, expected: string): string {
  if (at >= text.length) return `expected ${expected}, but the text ends`;
  if (expected === "a value") {
    const word = NON_FINITE.exec(text.slice(at, at + 9))?.[0];
    if (word !== undefined) return `JSON has no ${word}; send it in a binary tensor`;
  }
  return `expected ${expected}, got ${JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0))}`;
}

/** Counts the lines one by one: a list of them would take far more memory than the text. */
function place(text: string, at: number): string {
  let line = 1;
  let start = 0;
  for (let index = 0; index < at; index++) {
    if (text.charCodeAt(index) !== 0x0a) continue;
    line++;
    start = index + 1;
  }
  return `line ${line} column ${at - start + 1} (char ${at})`;
}

const SPACE = /[ \t\n\r]*/y;
const WORD = /true|false|null/y;
const DIGITS = /[0-9]+/y;
const HEX_DIGIT = /[0-9a-fA-F]/y;
const ESCAPE = /["\\/bfnrt]/y;
/** What ends a run of plain characters. Searched for: a pattern of the run itself would fill the stack. */
// eslint-disable-next-line no-control-regex -- control characters are what a JSON string may not hold
const STRING_STOP = /["\\\u0000-\u001f]/g;

/**
 * Reads JSON up to the first thing that is wrong. Runs only after JSON.parse has refused a text, since that says
 * where the error is for some errors only.
 */
class SyntaxFinder {
  readonly #text: string;
  /** The closing bracket of each array and object that is open. */
  readonly #open: string[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  find(): { at: number; expected: string } {
    let expected = this.#value();
    while (expected === undefined) {
      if (this.#open.length === 0) {
        this.#skip(SPACE);
        return { at: this.#at, expected: "the end of the text" };
      }
      expected = this.#next();
    }
    return { at: this.#at, expected };
  }

  /** Reads a value or the opening of one, with the first value in it. What was expected, where it is wrong. */
  #value(): string | undefined {
    for (;;) {
      this.#skip(SPACE);
      const first = this.#text[this.#at];
      if (first === '"') return this.#string();
      if (first !== "[" && first !== "{") return this.#skip(WORD) ? undefined : this.#number();
      this.#at++;
      this.#skip(SPACE);
      const close = first === "[" ? "]" : "}";
      if (this.#take(close)) return undefined;
      this.#open.push(close);
      if (first === "{") {
        const wrong = this.#key();
        if (wrong !== undefined) return wrong;
      }
    }
  }

  /** Reads what follows a value inside an array or object: its end, or a comma and the next value. */
  #next(): string | undefined {
    const close = this.#open.at(-1) as string;
    this.#skip(SPACE);
    if (this.#take(close)) {
      this.#open.pop();
      return undefined;
    }
    if (!this.#take(",")) return `"," or "${close}"`;
    if (close === "]") return this.#value();
    return this.#key() ?? this.#value();
  }

  #key(): string | undefined {
    this.#skip(SPACE);
    if (this.#text[this.#at] !== '"') return "a key in double quotes";
    const wrong = this.#string();
    if (wrong !== undefined) return wrong;
    this.#skip(SPACE);
    return this.#take(":") ? undefined : '":"';
  }

  #number(): string | undefined {
    const start = this.#at;
    const isNegative = this.#take("-");
    if (!this.#take("0") && !this.#skip(DIGITS)) {
      if (isNegative && !NON_FINITE.test(this.#text.slice(start, start + 9))) return "a digit";
      this.#at = start;
      return "a value";
    }
    if (this.#take(".") && !this.#skip(DIGITS)) return "a digit";
    if (!this.#take("e") && !this.#take("E")) return undefined;
    if (!this.#take("+")) this.#take("-");
    return this.#skip(DIGITS) ? undefined : "a digit";
  }

  #string(): string | undefined {
    this.#at++;
    for (;;) {
      STRING_STOP.lastIndex = this.#at;
      this.#at = STRING_STOP.exec(this.#text)?.index ?? this.#text.length;
      if (this.#take('"')) return undefined;
      if (!this.#take("\\")) return "the string to go on";
      if (this.#take("u")) {
        for (let count = 0; count < 4; count++) if (!this.#skip(HEX_DIGIT)) return "a hexadecimal digit";
      } else if (!this.#skip(ESCAPE)) {
        return "an escape";
      }
    }
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const matched = pattern.test(this.#text);
    if (matched) this.#at = pattern.lastIndex;
    return matched;
  }
}
