import type { Datatype } from "../../contract/datatype.ts";
import { describeValue } from "../../contract/describe.ts";
import { InvalidInput } from "../../contract/errors.ts";
import type { Tensor } from "../../contract/tensor.ts";
import { NestedReader, finishStore, isList, shapeOf } from "../elements/nested.ts";
import { checkTensorSize, countElements } from "../elements/size.ts";
import { createStore } from "../elements/store.ts";
import { checkValues, parseExact } from "../json/exact.ts";
import type { DecodeLimits } from "../limits.ts";
import { restoreNonFinite } from "./non-finite.ts";
import type { TensorSource } from "./read-tensor.ts";

/** A JSON text with its value, and its exact value where an integer beyond 2^53 makes a difference. */
export class JsonDocument {
  readonly value: unknown;
  readonly #text: () => string;
  #exact: unknown;

  /** @param text gives the text again, when it is needed; its depth has to be checked then */
  constructor(value: unknown, text: () => string) {
    this.value = value;
    this.#text = text;
  }

  /** The value, with BigInts for integers beyond 2^53. */
  get exact(): unknown {
    this.#exact ??= parseExact(this.#text());
    return this.#exact;
  }
}

/** A tensor whose data is in the JSON. */
export interface JsonTensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** Elements of the shape. */
  readonly count: number;
  /** Where the tensor is: `inputs[2]`. */
  readonly side: "inputs" | "outputs";
  readonly index: number;
  readonly data: unknown;
}

const FLOATS: ReadonlySet<Datatype> = new Set<Datatype>(["FP16", "BF16", "FP32", "FP64"]);

const invalid = (path: string, message: string) => new InvalidInput(message, { path });

/**
 * The elements of a tensor from its JSON `data`, which may be flat or nested.
 * @throws InvalidInput with the element's path
 */
export function jsonData(
  tensor: JsonTensor,
  { document, limits, lenient = false }: Omit<TensorSource, "binary">,
): Tensor["data"] {
  const { datatype, shape, count } = tensor;
  const path = `${tensor.side}[${tensor.index}].data`;
  if (!isList(tensor.data, datatype)) {
    throw invalid(path, `expected an array, got ${describeValue(tensor.data)}`);
  }
  const nesting = shapeOf(tensor.data, datatype, limits.maxDepth);
  if (nesting.length > limits.maxDepth) throw invalid(path, `nests deeper than ${limits.maxDepth} levels`);
  const found = countElements(nesting);
  const isNested = nesting.length > 1;
  if (found !== count || (isNested && nesting.some((length, level) => length !== shape[level]))) {
    const form = isNested ? ` nested as [${nesting.join(", ")}]` : "";
    throw invalid(path, `expected ${count} elements for shape [${shape.join(", ")}], got ${found}${form}`);
  }
  checkTensorSize(datatype, count, path, limits);
  const data = isLong(datatype) ? exactData(tensor, document, limits) : tensor.data;
  const onlyFinite = !lenient || !FLOATS.has(datatype);
  if (!onlyFinite && Array.isArray(data)) restoreNonFinite(data, nesting.length);
  const store = createStore(datatype, count);
  new NestedReader(datatype, store, nesting, invalid, onlyFinite).read(data, path);
  return finishStore(datatype, store);
}

function isLong(datatype: Datatype): boolean {
  return datatype === "INT64" || datatype === "UINT64";
}

function exactData(tensor: JsonTensor, document: JsonDocument, limits: DecodeLimits): unknown {
  const { data } = tensor;
  const isExact =
    data instanceof Float64Array ? data.every(Number.isSafeInteger) : !checkValues(data, limits);
  if (isExact) return data;
  const tensors = (document.exact as Record<string, { data: unknown }[]>)[tensor.side];
  return tensors?.[tensor.index]?.data;
}
