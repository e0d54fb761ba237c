import { type AnswerOutput, isRecord, likeAnswer, readAnswer } from "./read-answer.ts";
import { DEFAULT_TOLERANCE, type Tolerance, distance, isSameScalar, textOf } from "./same-value.ts";

/** How answers are compared. */
export interface CompareOptions {
  /** Default: {@link DEFAULT_TOLERANCE}. */
  readonly tolerance?: Tolerance;
  /** Datatypes of the model's outputs by name, for answers of V1, which do not say them. Default: none are known. */
  readonly datatypes?: ReadonlyMap<string, string>;
  /** Whether values count and their nesting does not, as between answers of two protocols. Default false. */
  readonly ignoresShape?: boolean;
  /** Differences that are told one by one; the others are counted. Default 1. */
  readonly mostDifferences?: number;
}

/** One place where two answers differ. */
export interface Difference {
  /** The output's name; `predictions` where it has none, `answer` for an answer without predictions. */
  readonly output: string;
  /** The place within it, such as `[0][3]` or `[0].label`; "" for all of it. */
  readonly index: string;
  readonly expected: string;
  readonly got: string;
  /** How far apart they are, where they are numbers. */
  readonly by: number | undefined;
  /** In words, as a sentence goes on: `expected y[1] to be 2, got 3`. */
  readonly text: string;
}

/** What a comparison has found. */
export interface Comparison {
  /** The first ones. */
  readonly differences: readonly Difference[];
  /** How many there are. */
  readonly count: number;
  /** Values that were compared. */
  readonly compared: number;
}

/** Longer values tell nothing more. */
const MOST_TEXT = 60;

/**
 * Where two answers differ in their values, be they of V1 or V2. Names count where both have them, and the order of
 * outputs does not; ids, versions and the models' names never do. Datatypes and shapes count where both say them.
 * @param expected an answer's body, or a list: V1's predictions
 */
export function compareAnswers(expected: unknown, actual: unknown, options: CompareOptions = {}): Comparison {
  const [first, second] = [readAnswer(expected), readAnswer(actual)];
  const [wanted, got] = [likeAnswer(first, second).outputs, likeAnswer(second, first).outputs];
  const walk = new Walk(options);
  if (wanted.size === 1 && got.size === 1) {
    const [[name, output]] = [...wanted] as [[string, AnswerOutput]];
    const [[other, gotten]] = [...got] as [[string, AnswerOutput]];
    if (name !== "" && other !== "" && name !== other) walk.outputs(name, other);
    else walk.output(name || other, first.kind === "whole" ? "answer" : "predictions", output, gotten);
    return walk.result;
  }
  const names = [...got.keys()].join(", ") || "none";
  for (const [name, output] of wanted) {
    const gotten = got.get(name);
    if (gotten === undefined) walk.outputs(name, names);
    else walk.output(name, "predictions", output, gotten);
  }
  const extra = [...got.keys()].filter((name) => !wanted.has(name));
  if (extra.length > 0) walk.extra(extra.join(", "));
  return walk.result;
}

class Walk {
  readonly #options: CompareOptions;
  readonly #differences: Difference[] = [];
  #count = 0;
  #compared = 0;

  constructor(options: CompareOptions) {
    this.#options = options;
  }

  get result(): Comparison {
    return { differences: this.#differences, count: this.#count, compared: this.#compared };
  }

  /** An output is not there. */
  outputs(name: string, others: string): void {
    const [output, expected] = name === "" ? ["predictions", "one output"] : [name, `an output ${name}`];
    const text = `expected ${expected}, got ${others}`;
    this.#add({ output, index: "", expected, got: others, by: undefined, text });
  }

  /** There are more than were expected. */
  extra(names: string): void {
    const text = `got outputs that were not expected: ${names}`;
    this.#add({ output: names, index: "", expected: "no such output", got: names, by: undefined, text });
  }

  /** @param unnamed how the output is called where it has no name */
  output(name: string, unnamed: string, wanted: AnswerOutput, got: AnswerOutput): void {
    const { datatypes, ignoresShape = false } = this.#options;
    const title = name === "" ? unnamed : name;
    const only = datatypes?.size === 1 ? [...datatypes.values()][0] : undefined;
    const datatype = wanted.datatype ?? got.datatype ?? (name === "" ? only : datatypes?.get(name));
    if (wanted.datatype !== undefined && got.datatype !== undefined && wanted.datatype !== got.datatype) {
      return this.#member(title, "datatype", wanted.datatype, got.datatype);
    }
    const isReshaped = String(wanted.shape) !== String(got.shape);
    if (!ignoresShape && wanted.shape !== undefined && got.shape !== undefined && isReshaped) {
      return this.#member(title, "shape", `[${wanted.shape.join(", ")}]`, `[${got.shape.join(", ")}]`);
    }
    if (ignoresShape && nestingOf(wanted.value) !== nestingOf(got.value)) {
      return this.#value(title, "", flat(wanted.value), flat(got.value), datatype);
    }
    this.#value(title, "", wanted.value, got.value, datatype);
  }

  #value(output: string, index: string, wanted: unknown, got: unknown, datatype: string | undefined): void {
    if (Array.isArray(wanted) && Array.isArray(got)) {
      if (wanted.length !== got.length) return this.#length(output, index, wanted.length, got.length);
      for (let at = 0; at < wanted.length; at++) {
        // Most values are the same numbers, and need no place.
        if (wanted[at] === got[at] && typeof wanted[at] !== "object") this.#compared++;
        else this.#value(output, `${index}[${at}]`, wanted[at], got[at], datatype);
      }
      return;
    }
    if (isRecord(wanted) && isRecord(got)) {
      for (const key of new Set([...Object.keys(wanted), ...Object.keys(got)])) {
        this.#value(output, `${index}${keyText(key)}`, wanted[key], got[key], undefined);
      }
      return;
    }
    this.#compared++;
    const { tolerance = DEFAULT_TOLERANCE } = this.#options;
    const isList = Array.isArray(wanted) || Array.isArray(got);
    if (!isList && isSameScalar(wanted, got, datatype, tolerance)) return;
    const [expected, gotten] = [shown(wanted), shown(got)];
    this.#add({
      output,
      index,
      expected,
      got: gotten,
      by: distance(wanted, got),
      text: `expected ${output}${index} to be ${expected}, got ${gotten}`,
    });
  }

  #length(output: string, index: string, wanted: number, got: number): void {
    const values = wanted === 1 ? "1 value" : `${wanted} values`;
    const text = `expected ${values} of ${output}${index}, got ${got}`;
    this.#add({ output, index, expected: values, got: String(got), by: undefined, text });
  }

  #member(output: string, member: "datatype" | "shape", expected: string, got: string): void {
    const text = `expected the ${member} of ${output} to be ${expected}, got ${got}`;
    const said = { expected: `${member} ${expected}`, got: `${member} ${got}` };
    this.#add({ output, index: "", ...said, by: undefined, text });
  }

  #add(difference: Difference): void {
    this.#count++;
    if (this.#differences.length < (this.#options.mostDifferences ?? 1)) this.#differences.push(difference);
  }
}

function keyText(key: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** The lengths of nested lists, by their first elements. */
function nestingOf(value: unknown): string {
  const lengths: number[] = [];
  for (let level = value; Array.isArray(level); level = level[0] as unknown) lengths.push(level.length);
  return lengths.join();
}

function flat(value: unknown): unknown[] {
  return Array.isArray(value) ? (value.flat(Infinity) as unknown[]) : [value];
}

function shown(value: unknown): string {
  const text = textOf(Array.isArray(value) ? value.slice(0, MOST_TEXT).map(plain) : value);
  return text.length <= MOST_TEXT ? text : `${text.slice(0, MOST_TEXT - 3)}...`;
}

/** What a list holds, as JSON can say it: it has no BigInt. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, MOST_TEXT).map(plain);
  return typeof value === "bigint" ? Number(value) : value;
}
