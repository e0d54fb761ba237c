import { type ErrorCode, InvalidInput, KtsError } from "../../contract/errors.ts";
import { bf16ToNumber, fp16ToNumber } from "../../contract/half.ts";
import type { Tensor } from "../../contract/tensor.ts";
import type { EncodeOptions } from "../body.ts";
import { asciiText, scratchBytes, toBase64, utf8Bytes } from "../elements/platform.ts";
import { decodeUtf8 } from "../elements/text.ts";
import { MOST_NUMBER_BYTES, isSaid, printFloat32, printInteger, printText } from "./print-number.ts";

const SCRATCH_BYTES = 65_536;
/** Printed numbers up to this size become part of a string, so that a small answer is one string. */
const MOST_TEXT_BYTES = 16_384;
const COMMA = 0x2c;

/** What the writer cannot say in JSON. */
export interface WriterRules extends EncodeOptions {
  /** The code of the error for it. */
  readonly code: ErrorCode;
  /** How bytes that are no text are said: as `{"b64": ...}`, or not at all. */
  readonly base64: boolean;
}

/** The path of a tensor's element, for errors, by its index among the elements. */
export type PlaceOf = (index: number) => string;

/** Numbers are printed here. A writer takes it while it writes; a second one at the same time makes its own. */
let spareScratch: Uint8Array | undefined;

/**
 * Builds a JSON text: texts as a string, numbers as bytes, since each is fastest that way.
 */
export class JsonWriter {
  readonly #rules: WriterRules;
  readonly #scratch: Uint8Array;
  readonly #tail: Uint8Array[] = [];
  #head: string | undefined;
  /** Written text behind which the scratch's bytes go. */
  #text = "";
  #at = 0;

  constructor(rules: WriterRules) {
    this.#rules = rules;
    this.#scratch = spareScratch ?? scratchBytes(SCRATCH_BYTES);
    spareScratch = undefined;
  }

  /** Appends a bracket or a comma, which stays with the numbers it is between. */
  mark(mark: "[" | "]" | ","): void {
    if (this.#at === 0) this.#text += mark;
    else this.#at = printText(this.#scratch, this.#room(this.#at), mark);
  }

  /** Appends text. */
  text(text: string): void {
    if (this.#at > 0) {
      if (this.#at > MOST_TEXT_BYTES) this.#flush();
      else {
        this.#text += asciiText(this.#scratch, 0, this.#at);
        this.#at = 0;
      }
    }
    this.#text += text;
  }

  /** Appends elements of a tensor, separated by commas. */
  elements(tensor: Tensor, from: number, to: number, place: PlaceOf): void {
    const { datatype, data } = tensor;
    switch (datatype) {
      case "FP32":
        return this.#floats(data as Float32Array, from, to, place);
      case "FP64":
        return this.#doubles(data as Float64Array, from, to, place);
      case "FP16":
      case "BF16":
        return this.#halves(
          (data as Uint16Array).subarray(from, to),
          (index) => place(from + index),
          datatype,
        );
      case "INT64":
      case "UINT64":
        return this.#longs(data as BigInt64Array, from, to, datatype);
      case "BOOL":
        return this.#flags(data as Uint8Array, from, to);
      case "BYTES":
        return this.#strings(data as Uint8Array[], from, to, place);
      default:
        return this.#integers(data as Int32Array, from, to);
    }
  }

  /** A number that JSON has no word for, in the words of the rules. */
  nonFinite(value: number, path: string): string {
    const { nonFinite, code } = this.#rules;
    if (nonFinite === "null") return "null";
    if (nonFinite === "string") return `"${value}"`;
    throw new KtsError(code, `JSON has no ${value}`, {
      path,
      hint: "Send or ask for a binary tensor, or choose --non_finite null or string.",
    });
  }

  /** Bytes as JSON: their text where they are UTF-8. */
  bytes(bytes: Uint8Array, path: () => string): string {
    const text = decodeUtf8(bytes);
    if (text !== undefined) return JSON.stringify(text);
    if (this.#rules.base64) return `{"b64":"${toBase64(bytes)}"}`;
    // Whoever asked for JSON can ask for a binary tensor, so it is the request that is at fault.
    const problem = `${bytes.length} bytes are not UTF-8 text, which JSON needs; parameters.binary_data asks for them as they are`;
    throw new InvalidInput(problem, { path: path() });
  }

  /** The text, as a body has it. */
  finish(): { head: string; tail: readonly Uint8Array[] } {
    if (this.#at > MOST_TEXT_BYTES || (this.#at > 0 && this.#head !== undefined)) this.#flush();
    if (this.#at > 0) {
      this.#text += asciiText(this.#scratch, 0, this.#at);
      this.#at = 0;
    }
    spareScratch = this.#scratch;
    if (this.#head === undefined) return { head: this.#text, tail: [] };
    if (this.#text !== "") this.#tail.push(utf8Bytes(this.#text));
    return { head: this.#head, tail: this.#tail };
  }

  #flush(): void {
    if (this.#head === undefined) this.#head = this.#text;
    else if (this.#text !== "") this.#tail.push(utf8Bytes(this.#text));
    this.#text = "";
    this.#tail.push(Uint8Array.prototype.slice.call(this.#scratch, 0, this.#at));
    this.#at = 0;
  }

  /** Where the next number can be printed, with room for it and a comma. */
  #room(at: number): number {
    if (at < SCRATCH_BYTES - 2 * MOST_NUMBER_BYTES) return at;
    this.#at = at;
    this.#flush();
    return 0;
  }

  #floats(data: Float32Array, from: number, to: number, place: PlaceOf): void {
    const scratch = this.#scratch;
    let at = this.#at;
    for (let index = from; index < to; index++) {
      at = this.#room(at);
      if (index > from) scratch[at++] = COMMA;
      const value = data[index] as number;
      at =
        value - value === 0
          ? printFloat32(scratch, at, value)
          : printText(scratch, at, this.nonFinite(value, place(index)));
    }
    this.#at = at;
  }

  /** FP16 as the double that it is, which is short; BF16 as FP32 is. */
  #halves(data: Uint16Array, place: PlaceOf, datatype: "FP16" | "BF16"): void {
    if (datatype === "FP16") this.#doubles(Float64Array.from(data, fp16ToNumber), 0, data.length, place);
    else this.#floats(Float32Array.from(data, bf16ToNumber), 0, data.length, place);
  }

  #integers(data: Int32Array, from: number, to: number): void {
    const scratch = this.#scratch;
    let at = this.#at;
    for (let index = from; index < to; index++) {
      at = this.#room(at);
      if (index > from) scratch[at++] = COMMA;
      at = printInteger(scratch, at, data[index] as number);
    }
    this.#at = at;
  }

  /** What is safe as a number is printed as one: making a BigInt and its text takes far longer. */
  #longs(data: BigInt64Array, from: number, to: number, datatype: "INT64" | "UINT64"): void {
    const scratch = this.#scratch;
    const low = new Uint32Array(data.buffer, data.byteOffset, data.length * 2);
    const high = datatype === "INT64" ? new Int32Array(low.buffer, low.byteOffset, low.length) : low;
    let at = this.#at;
    for (let index = from; index < to; index++) {
      at = this.#room(at);
      if (index > from) scratch[at++] = COMMA;
      const value = (high[2 * index + 1] as number) * 4_294_967_296 + (low[2 * index] as number);
      if (Number.isSafeInteger(value)) at = printInteger(scratch, at, value);
      else at = printText(scratch, at, String(data[index]));
    }
    this.#at = at;
  }

  #flags(data: Uint8Array, from: number, to: number): void {
    let at = this.#at;
    for (let index = from; index < to; index++) {
      at = this.#room(at);
      if (index > from) this.#scratch[at++] = COMMA;
      at = printFlag(this.#scratch, at, data[index] as number);
    }
    this.#at = at;
  }

  #doubles(data: Float64Array, from: number, to: number, place: PlaceOf): void {
    if (to - from > 4 && saysAll(data, from, to)) {
      this.text(JSON.stringify(Array.from(data.subarray(from, to))).slice(1, -1));
      return;
    }
    let text = "";
    for (let index = from; index < to; index++) {
      const value = data[index] as number;
      if (index > from) text += ",";
      if (value - value !== 0) text += this.nonFinite(value, place(index));
      else text += Object.is(value, -0) ? "-0" : value;
    }
    this.text(text);
  }

  #strings(data: readonly Uint8Array[], from: number, to: number, place: PlaceOf): void {
    let text = "";
    for (let index = from; index < to; index++) {
      if (index > from) text += ",";
      text += this.bytes(data[index] as Uint8Array, () => place(index));
    }
    this.text(text);
  }
}

function printFlag(bytes: Uint8Array, at: number, flag: number): number {
  return printText(bytes, at, flag === 0 ? "false" : "true");
}

/** Whether JSON.stringify says each double as it is. */
function saysAll(data: Float64Array, from: number, to: number): boolean {
  for (let index = from; index < to; index++) if (!isSaid(data[index] as number)) return false;
  return true;
}
