import { type PickleValue, PickleObject, itemsOf } from "./pickle-values.ts";

/** joblib's stand-in for an array: its data follow in the file, outside of the pickle. */
const WRAPPER = "joblib.numpy_pickle NumpyArrayWrapper";

/** How many bytes of data follow a joblib array's opcode. */
export interface RawArray {
  readonly bytes: number;
  /** Whether a byte with the number of filling bytes comes first (joblib 1.2 and newer). */
  readonly padded: boolean;
}

/**
 * The data behind an object that has just been built: undefined where there are none, "objects" where a pickle of
 * its own follows.
 */
export function numpyDataBytes(object: PickleObject): RawArray | "objects" | undefined {
  if (object.typeName !== WRAPPER || !(object.state instanceof Map)) return undefined;
  const dtype = object.state.get("dtype") ?? null;
  const itemBytes = itemSize(dtype);
  if (itemBytes === "objects") return "objects";
  const count = itemsOf(object.state.get("shape") ?? null).reduce<number>(
    (product, size) => product * Number(size),
    1,
  );
  return { bytes: count * itemBytes, padded: object.state.get("numpy_array_alignment_bytes") !== undefined };
}

/** Bytes of an element: numpy writes a dtype as `numpy.dtype('f8')`. */
function itemSize(dtype: PickleValue): number | "objects" {
  const code = dtype instanceof PickleObject ? dtype.args[0] : undefined;
  const match = /^[<>|=]?([a-zA-Z?])(\d*)$/.exec(typeof code === "string" ? code : "");
  if (match === null) return 0;
  const [, kind, size] = match;
  if (kind === "O") return "objects";
  // A text's number counts characters, of four bytes each.
  return Number(size || "1") * (kind === "U" ? 4 : 1);
}
