import { isSpace } from "./scan-numbers.ts";

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
    if (text.charCodeAt(index) !== LINE_FEED) continue;
    line++;
    start = index + 1;
  }
  return `line ${line} column ${at - start + 1} (char ${at})`;
}

const LINE_FEED = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const ZERO = 0x30;
const BACKSLASH = 0x5c;
const WORDS = ["true", "false", "null"];
/** What may follow a backslash, other than `u` and its four digits. */
const ESCAPES = `"\\/bfnrt`;

/**
 * Reads JSON up to the first thing that is wrong. Runs only after JSON.parse has refused a text, since that says
 * where the error is for some errors only. Goes by character codes: patterns take several times as long, and those
 * with alternatives fill the stack on long strings.
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
        this.#skipSpace();
        return { at: this.#at, expected: "the end of the text" };
      }
      expected = this.#next();
    }
    return { at: this.#at, expected };
  }

  /** Reads a value or the opening of one, with the first value in it. What was expected, where it is wrong. */
  #value(): string | undefined {
    for (;;) {
      this.#skipSpace();
      const first = this.#text[this.#at];
      if (first === '"') return this.#string();
      if (first === "t" || first === "f" || first === "n") return this.#word() ? undefined : "a value";
      if (first !== "[" && first !== "{") return this.#number();
      this.#at++;
      this.#skipSpace();
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
    this.#skipSpace();
    if (this.#take(close)) {
      this.#open.pop();
      return undefined;
    }
    if (!this.#take(",")) return `"," or "${close}"`;
    if (close === "]") return this.#value();
    return this.#key() ?? this.#value();
  }

  #key(): string | undefined {
    this.#skipSpace();
    if (this.#text[this.#at] !== '"') return "a key in double quotes";
    const wrong = this.#string();
    if (wrong !== undefined) return wrong;
    this.#skipSpace();
    return this.#take(":") ? undefined : '":"';
  }

  #word(): boolean {
    const word = WORDS.find((candidate) => this.#text.startsWith(candidate, this.#at));
    if (word !== undefined) this.#at += word.length;
    return word !== undefined;
  }

  #number(): string | undefined {
    const start = this.#at;
    const isNegative = this.#take("-");
    if (!this.#take("0") && !this.#skipDigits()) {
      if (isNegative && !NON_FINITE.test(this.#text.slice(start, start + 9))) return "a digit";
      this.#at = start;
      return "a value";
    }
    if (this.#take(".") && !this.#skipDigits()) return "a digit";
    if (!this.#take("e") && !this.#take("E")) return undefined;
    if (!this.#take("+")) this.#take("-");
    return this.#skipDigits() ? undefined : "a digit";
  }

  #string(): string | undefined {
    const text = this.#text;
    let at = this.#at + 1;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code < SPACE) break;
      at++;
      if (code === QUOTE) {
        this.#at = at;
        return undefined;
      }
      if (code === BACKSLASH) {
        const wrong = this.#escape(at);
        if (wrong !== undefined) return wrong;
        at = this.#at;
      }
    }
    this.#at = at;
    return "the string to go on";
  }

  /** Reads what follows a backslash. */
  #escape(at: number): string | undefined {
    this.#at = at;
    if (this.#take("u")) {
      for (let count = 0; count < 4; count++) {
        if (!isHexDigit(this.#text[this.#at])) return "a hexadecimal digit";
        this.#at++;
      }
      return undefined;
    }
    const character = this.#text[at];
    if (character === undefined || !ESCAPES.includes(character)) return "an escape";
    this.#at++;
    return undefined;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    const text = this.#text;
    let at = this.#at;
    while (at < text.length && isSpace(text.charCodeAt(at))) at++;
    this.#at = at;
  }

  /** Whether there was a digit. */
  #skipDigits(): boolean {
    const text = this.#text;
    const start = this.#at;
    let at = start;
    while (at < text.length && (text.charCodeAt(at) - ZERO) >>> 0 < 10) at++;
    this.#at = at;
    return at > start;
  }
}

function isHexDigit(character: string | undefined): boolean {
  return character !== undefined && /^[0-9a-fA-F]$/.test(character);
}
