import fc from "fast-check";
import { DATATYPES, DATATYPE_ARRAY, DATATYPE_SIZE, type Datatype } from "../../../contract/datatype.ts";
import { type NamedTensors, type Tensor, elementCount } from "../../../contract/tensor.ts";

/** A tensor of any datatype and shape with any bits. */
export function tensors(datatypes: readonly Datatype[] = DATATYPES): fc.Arbitrary<Tensor> {
  const shape = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 3 });
  return fc.tuple(fc.constantFrom(...datatypes), shape).chain(([datatype, lengths]) => {
    const count = elementCount(lengths);
    return dataOf(datatype, count).map((data) => ({ datatype, shape: lengths, data }) as Tensor);
  });
}

function dataOf(datatype: Datatype, count: number): fc.Arbitrary<Tensor["data"]> {
  const exactly = { minLength: count, maxLength: count };
  if (datatype === "BYTES") return fc.array(fc.uint8Array({ maxLength: 200 }), exactly);
  if (datatype === "BOOL") return fc.uint8Array({ ...exactly, max: 1 });
  const bytes = count * DATATYPE_SIZE[datatype];
  const construct = DATATYPE_ARRAY[datatype];
  return fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((block) => new construct(Uint8Array.from(block).buffer));
}

/** Tensors under names. */
export function namedTensors(datatypes?: readonly Datatype[]): fc.Arbitrary<NamedTensors> {
  const name = fc
    .string({ minLength: 1, maxLength: 40, unit: "grapheme" })
    .filter((text) => text.isWellFormed());
  return fc
    .uniqueArray(fc.tuple(name, tensors(datatypes)), { minLength: 1, maxLength: 4, selector: ([own]) => own })
    .map((entries) => Object.assign(Object.create(null), Object.fromEntries(entries)) as NamedTensors);
}

/** A tensor's elements as bits, so that NaN compares. */
export function bits({ datatype, shape, data }: Tensor): unknown {
  if (Array.isArray(data)) return { datatype, shape: [...shape], data: data.map((element) => [...element]) };
  return {
    datatype,
    shape: [...shape],
    data: [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
  };
}
