/** One output of an answer, or V1's predictions. */
export interface AnswerOutput {
  /** Undefined where the answer does not say it: V1 never does. */
  readonly datatype: string | undefined;
  /** Undefined where the answer does not say it. */
  readonly shape: readonly number[] | undefined;
  /** Plain values, nested as the shape says. */
  readonly value: unknown;
}

/** The outputs by name; of an answer that names none, one under the empty name. */
export type AnswerOutputs = ReadonlyMap<string, AnswerOutput>;

/** What an answer's body says. */
export interface ReadAnswer {
  /** `whole`: V1's form of an answer that has no predictions, such as an object of the predictor's own. */
  readonly kind: "tensors" | "predictions" | "whole";
  readonly outputs: AnswerOutputs;
}

/**
 * Reads an answer's body, be it of V1 or V2; a list alone is taken for V1's predictions.
 * @param body as JSON is parsed; its numbers may be BigInts, and its texts bytes
 */
export function readAnswer(body: unknown): ReadAnswer {
  if (Array.isArray(body)) return { kind: "predictions", outputs: outputsOfPredictions(body) };
  if (!isRecord(body)) return { kind: "whole", outputs: unnamed(body) };
  const { outputs, predictions, explanations } = body;
  if (Array.isArray(outputs)) return { kind: "tensors", outputs: outputsOfTensors(outputs) };
  const values = predictions ?? explanations;
  if (values === undefined) return { kind: "whole", outputs: unnamed(body) };
  return { kind: "predictions", outputs: outputsOfPredictions(values) };
}

/**
 * An answer of tensors as the answer of V1 that it stands for, where that holds objects or ragged lists: V2 has these as
 * texts of JSON. The answer itself, where it is none of these.
 */
export function likeAnswer(answer: ReadAnswer, other: ReadAnswer): ReadAnswer {
  if (answer.kind !== "tensors" || other.kind === "tensors" || answer.outputs.size !== 1) return answer;
  const [output] = answer.outputs.values();
  const texts = output?.value;
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === "string")) return answer;
  if (other.kind === "predictions") {
    const rows = [...other.outputs.values()].map(({ value }) => value).flat(1);
    if (other.outputs.has("") && rows.every((row) => typeof row !== "object" || row === null)) return answer;
    const values = texts.map(parsed);
    if (values.includes(undefined)) return answer;
    return { kind: "predictions", outputs: outputsOfPredictions(values) };
  }
  const [only] = texts;
  if (texts.length !== 1) return answer;
  const whole = other.outputs.get("")?.value;
  return { kind: "whole", outputs: unnamed(isText(whole) ? only : (parsed(only) ?? only)) };
}

function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text)) as unknown;
  } catch {
    return undefined;
  }
}

function unnamed(value: unknown): AnswerOutputs {
  return new Map([["", { datatype: undefined, shape: undefined, value }]]);
}

function outputsOfTensors(tensors: readonly unknown[]): AnswerOutputs {
  const entries = tensors.filter(isRecord).map(({ name, datatype, shape, data }) => {
    const lengths = Array.isArray(shape) && shape.every(isLength) ? shape : undefined;
    const output: AnswerOutput = {
      datatype: typeof datatype === "string" ? datatype : undefined,
      shape: lengths,
      value: nested(data, lengths),
    };
    return [String(name), output] as const;
  });
  return new Map(entries);
}

function isLength(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** V2's data may be flat or nested; this is nested as the shape says, if it has as many elements. */
function nested(data: unknown, shape: readonly number[] | undefined): unknown {
  const flat = Array.isArray(data) ? (data.flat(Infinity) as unknown[]) : [data];
  const count = shape?.reduce((product, length) => product * length, 1);
  return shape === undefined || count !== flat.length ? flat : nest(flat, shape, 0, 0, count);
}

function nest(
  flat: readonly unknown[],
  shape: readonly number[],
  level: number,
  from: number,
  count: number,
): unknown {
  const length = shape[level];
  if (length === undefined) return flat[from];
  if (level === shape.length - 1) return flat.slice(from, from + length);
  const size = length === 0 ? 0 : count / length;
  return Array.from({ length }, (_, at) => nest(flat, shape, level + 1, from + at * size, size));
}

/** Predictions that are objects have an output for each key; so has an object of whole outputs. */
function outputsOfPredictions(predictions: unknown): AnswerOutputs {
  const output = (value: unknown): AnswerOutput => ({ datatype: undefined, shape: undefined, value });
  if (isRecord(predictions)) {
    return new Map(Object.entries(predictions).map(([name, value]) => [name, output(value)]));
  }
  if (!Array.isArray(predictions)) return unnamed(predictions);
  const rows = predictions.filter(isRecord);
  if (rows.length < predictions.length || rows.length === 0) return unnamed(predictions);
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  return new Map([...names].map((name) => [name, output(rows.map((row) => row[name]))]));
}

/** An object with members: no list, and no bytes in one of their two forms. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) {
    return false;
  }
  return !isText(value);
}

/** A text, or bytes: as they are, or in base64 as V1 has them. */
function isText(value: unknown): boolean {
  if (typeof value === "string" || value instanceof Uint8Array) return true;
  return typeof (value as { b64?: unknown } | null)?.b64 === "string";
}
