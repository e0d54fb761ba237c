/** Numbers that differ by less, in relation to the larger or to one, are the same: engines round in their last bits. */
const TOLERANCE = 1e-4;

/** Values by the output's name; of an answer that names none, under the empty name. */
type Values = ReadonlyMap<string, readonly unknown[]>;

/**
 * Where two answers differ in their values, be they of V1 or V2; undefined when they agree. Names count where both have
 * them, ids and versions do not.
 * @param expected an answer's body, or a list: V1's predictions
 */
export function answerDiff(expected: unknown, actual: unknown): string | undefined {
  const wanted = valuesOf(expected);
  const got = valuesOf(actual);
  if (wanted === undefined) return "the expected answer has neither predictions nor outputs";
  if (got === undefined) return "the answer has neither predictions nor outputs";
  if (wanted.size === 1 && got.size === 1) {
    const [[name = "", values = []] = []] = wanted;
    const [[other = "", others = []] = []] = got;
    if (name !== "" && other !== "" && name !== other) return `expected an output ${name}, got ${other}`;
    return valuesDiff(name || other || "predictions", values, others);
  }
  for (const [name, values] of wanted) {
    const others = got.get(name);
    if (others === undefined) return `expected an output ${name}, got ${[...got.keys()].join(", ")}`;
    const diff = valuesDiff(name, values, others);
    if (diff !== undefined) return diff;
  }
  const extra = [...got.keys()].filter((name) => !wanted.has(name));
  return extra.length === 0 ? undefined : `got outputs that were not expected: ${extra.join(", ")}`;
}

function valuesOf(body: unknown): Values | undefined {
  if (Array.isArray(body)) return valuesOfPredictions(body);
  if (typeof body !== "object" || body === null) return undefined;
  const { predictions, outputs } = body as { predictions?: unknown; outputs?: unknown };
  if (Array.isArray(outputs)) {
    const named = outputs as readonly { name: string; data?: unknown }[];
    return new Map(named.map(({ name, data }) => [name, flatten(data)]));
  }
  return Array.isArray(predictions) ? valuesOfPredictions(predictions) : undefined;
}

function valuesOfPredictions(predictions: readonly unknown[]): Values {
  const rows = predictions.filter(isNamed);
  if (rows.length < predictions.length || rows.length === 0) return new Map([["", flatten(predictions)]]);
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  return new Map([...names].map((name) => [name, flatten(rows.map((row) => row[name]))]));
}

function isNamed(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !("b64" in value);
}

/** All values in their order. Bytes that V1 has in base64 become the text that V2 has. */
function flatten(value: unknown): unknown[] {
  const list = Array.isArray(value) ? (value.flat(Infinity) as unknown[]) : [value];
  return list.map((item) => {
    const base64 = (item as { b64?: unknown } | null)?.b64;
    return typeof base64 === "string" ? Buffer.from(base64, "base64").toString() : item;
  });
}

function valuesDiff(name: string, wanted: readonly unknown[], got: readonly unknown[]): string | undefined {
  if (wanted.length !== got.length) return `expected ${wanted.length} values of ${name}, got ${got.length}`;
  const at = wanted.findIndex((value, index) => !isSame(value, got[index]));
  if (at === -1) return undefined;
  return `expected ${name}[${at}] to be ${JSON.stringify(wanted[at])}, got ${JSON.stringify(got[at])}`;
}

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number") {
    return a === b || Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b));
  }
  return JSON.stringify(a) === JSON.stringify(b);
}
