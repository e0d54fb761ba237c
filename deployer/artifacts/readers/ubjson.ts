import { type ByteReader, CutShort } from "./byte-reader.ts";

/** A number or text that was asked for, by its path of names such as `learner.objective.name`. */
export type UbjsonValues = ReadonlyMap<string, string | number | readonly number[]>;

/** The bytes are no UBJSON. */
export class NotUbjson extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NotUbjson";
  }
}

const SIZES: Readonly<Record<string, number>> = { i: 1, U: 1, I: 2, l: 4, L: 8, d: 4, D: 8, C: 1 };

/** Deeper is no model of XGBoost. */
const MAX_DEPTH = 64;

/**
 * Reads through a UBJSON document, XGBoost's binary format, to its end.
 * @param wanted paths of the values to keep
 * @throws CutShort when it ends too early; NotUbjson
 */
export function readUbjson(reader: ByteReader, wanted: ReadonlySet<string>): UbjsonValues {
  const values = new Map<string, string | number | readonly number[]>();
  const walker = new Walker(reader, (path, value) => {
    if (wanted.has(path)) values.set(path, value);
  });
  walker.value(walker.marker(), "", 0);
  return values;
}

type Keep = (path: string, value: string | number | readonly number[]) => void;

class Walker {
  readonly #reader: ByteReader;
  readonly #keep: Keep;

  constructor(reader: ByteReader, keep: Keep) {
    this.#reader = reader;
    this.#keep = keep;
  }

  marker(): string {
    return String.fromCharCode(this.#reader.byte());
  }

  value(marker: string, path: string, depth: number): number | undefined {
    if (depth > MAX_DEPTH) throw new NotUbjson(`it is nested deeper than ${MAX_DEPTH}`);
    switch (marker) {
      case "{":
        this.#object(path, depth);
        return undefined;
      case "[":
        this.#array(path, depth);
        return undefined;
      case "S":
      case "H":
        this.#keep(path, this.#text());
        return undefined;
      case "Z":
      case "T":
      case "F":
      case "N":
        return undefined;
      default: {
        const number = this.#number(marker);
        this.#keep(path, number);
        return number;
      }
    }
  }

  #object(path: string, depth: number): void {
    const { type, count } = this.#header();
    for (let index = 0; count === undefined || index < count; index++) {
      const marker = this.marker();
      if (count === undefined && marker === "}") return;
      const name = this.#sized(this.#number(marker));
      this.value(type ?? this.marker(), path === "" ? name : `${path}.${name}`, depth + 1);
    }
  }

  #array(path: string, depth: number): void {
    const { type, count } = this.#header();
    const size = type === undefined ? undefined : SIZES[type];
    if (count !== undefined && size !== undefined) {
      this.#reader.skip(count * size);
      return;
    }
    const numbers: number[] = [];
    for (let index = 0; count === undefined || index < count; index++) {
      const marker = type ?? this.marker();
      if (count === undefined && marker === "]") break;
      const number = this.value(marker, `${path}[]`, depth + 1);
      if (number !== undefined && numbers.length < 8) numbers.push(number);
    }
    this.#keep(path, numbers);
  }

  /** A container's optional type and count. */
  #header(): { readonly type?: string; readonly count?: number } {
    let at = this.#reader.position;
    let marker = this.marker();
    let type: string | undefined;
    if (marker === "$") {
      type = this.marker();
      at = this.#reader.position;
      marker = this.marker();
      if (marker !== "#") throw new NotUbjson(`at byte ${at} a typed array has no count`);
    }
    if (marker === "#") {
      const count = this.#number(this.marker());
      return { count, ...(type !== undefined && { type }) };
    }
    this.#reader.position = at;
    return {};
  }

  #text(): string {
    return this.#sized(this.#number(this.marker()));
  }

  #sized(length: number): string {
    if (length < 0) throw new NotUbjson(`a text of ${length} bytes`);
    if (length > 4096) {
      this.#reader.skip(length);
      return "";
    }
    return this.#reader.take(length).toString("utf8");
  }

  #number(marker: string): number {
    const size = SIZES[marker];
    if (size === undefined) {
      throw new NotUbjson(
        `byte ${this.#reader.position - 1} is no type of UBJSON (${JSON.stringify(marker)})`,
      );
    }
    const bytes = this.#reader.take(size);
    switch (marker) {
      case "i":
        return bytes.readInt8();
      case "I":
        return bytes.readInt16BE();
      case "l":
        return bytes.readInt32BE();
      case "L":
        return safe(bytes.readBigInt64BE());
      case "d":
        return bytes.readFloatBE();
      case "D":
        return bytes.readDoubleBE();
      default:
        return bytes[0] as number;
    }
  }
}

function safe(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new CutShort(`a length of ${value}`);
  return number;
}
