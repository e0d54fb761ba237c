import { InvalidInput } from "../../contract/errors.ts";
import { FIXED64, LENGTH, type ProtoReader, VARINT, tagOf } from "./wire-reader.ts";
import type { ProtoWriter } from "./wire-writer.ts";
import { type InferParameter, MOST_ENTRIES } from "./types.ts";

const KEY = tagOf(1, LENGTH);
const VALUE = tagOf(2, LENGTH);
const BOOL = tagOf(1, VARINT);
const INT64 = tagOf(2, VARINT);
const STRING = tagOf(3, LENGTH);
const DOUBLE = tagOf(4, FIXED64);
const UINT64 = tagOf(5, VARINT);

/** A request's parameters while they are read: its own, so that a name like `__proto__` is only a name. */
export class ParameterMap {
  values: Record<string, InferParameter> | undefined;
  #count = 0;

  /**
   * Reads one entry of the map.
   * @throws InvalidInput when it has no value
   */
  read(entry: ProtoReader, path: string): void {
    let name = "";
    let value: InferParameter | undefined;
    for (let tag = entry.tag(); tag !== 0; tag = entry.tag()) {
      if (tag === KEY) name = entry.text(path);
      else if (tag === VALUE) value = readParameter(entry.message(), path, value);
      else entry.skip(tag);
    }
    if (value === undefined) {
      const expected =
        "expected bool_param, int64_param, string_param, double_param or uint64_param, got none";
      throw new InvalidInput(expected, { path: `${path}.${name}` });
    }
    if (++this.#count > MOST_ENTRIES) {
      throw new InvalidInput(`expected at most ${MOST_ENTRIES} parameters`, { path });
    }
    this.values ??= Object.create(null) as Record<string, InferParameter>;
    this.values[name] = value;
  }
}

function readParameter(
  reader: ProtoReader,
  path: string,
  before: InferParameter | undefined,
): InferParameter | undefined {
  let value = before;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === BOOL) value = reader.bool();
    else if (tag === INT64) value = exact(reader.int64(), reader, true);
    else if (tag === STRING) value = reader.text(path);
    else if (tag === DOUBLE) value = reader.double();
    else if (tag === UINT64) value = exact(reader.uint64(), reader, false);
    else reader.skip(tag);
  }
  return value;
}

/** An integer that a number cannot hold is a BigInt. */
function exact(value: number, { low, high }: ProtoReader, signed: boolean): number | bigint {
  if (Number.isSafeInteger(value)) return value;
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return signed ? BigInt.asIntN(64, bits) : bits;
}

/** Writes parameters as entries of a map. */
export function writeParameters(
  writer: ProtoWriter,
  field: number,
  parameters: Readonly<Record<string, InferParameter>>,
): void {
  for (const name of Object.keys(parameters)) {
    const entry = writer.begin(field);
    writer.textField(1, name);
    const value = writer.begin(2);
    writeParameter(writer, parameters[name] as InferParameter);
    writer.end(value);
    writer.end(entry);
  }
}

const INT64_END = 2n ** 63n;

function writeParameter(writer: ProtoWriter, value: InferParameter): void {
  if (typeof value === "boolean") writer.boolField(1, value);
  else if (typeof value === "string") writer.textField(3, value);
  else if (typeof value === "number") {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) writer.int64Field(2, value);
    else writer.doubleField(4, value);
  } else writer.int64Field(value < INT64_END ? 2 : 5, value);
}
