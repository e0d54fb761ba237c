import { messageOf } from "../../contract/errors.ts";
import { bf16ToNumber, fp16ToNumber } from "../../contract/half.ts";
import type { EngineModel } from "../../contract/predictor.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import { type NamedTensors, type Tensor, elementCount } from "../../contract/tensor.ts";
import { joinInputs } from "./batch-input.ts";
import { splitOutput } from "./batch-output.ts";
import { createRandom } from "../random.ts";
import { randomTensor } from "./random-tensor.ts";

/** Runs of rows that are compared with the rows one by one: each row comes at several places. */
const BATCHES = [
  [0, 5],
  [1, 3],
  [2, 5],
] as const;
const ROWS = 5;

/** Row after row, so that some saturate what others do not: the inputs of models differ in what they stand for. */
const SCALES = [1, 8, 255, 0.2, 60];

/** An open dimension other than the first gets this length. */
const OPEN_LENGTH = 16;

/** A start does not wait longer for the rows one by one. */
const MOST_MS = 2000;

/** Rounding differs with the size of a matrix product. Relative to the largest value of the row. */
const TOLERANCE: Partial<Record<Tensor["datatype"], number>> = {
  FP64: 1e-4,
  FP32: 1e-4,
  FP16: 1e-2,
  BF16: 5e-2,
};

/**
 * Why requests must not share runs of a model: what its signature does not allow, or what trying it out shows. An
 * open first dimension may be time, not batch, and a model may look at all rows at once; so a few random rows are run
 * together and one by one, and must give the same.
 * @returns undefined where the rows do not depend on each other
 */
export async function whyRowsDepend(engine: EngineModel): Promise<string | undefined> {
  const fault = signatureFault(engine);
  if (fault !== undefined) return fault;
  try {
    return await rowsDiffer(engine);
  } catch (error) {
    return `random rows do not run together: ${messageOf(error)}`;
  }
}

function signatureFault({ inputs, outputs }: EngineModel): string | undefined {
  if (inputs.length === 0 || outputs.length === 0) return "its inputs or outputs are not known";
  const flat = inputs.find(({ shape }) => shape.length < 2);
  if (flat !== undefined) return `its input ${flat.name} has no dimension beside the first`;
  const fixed = [...inputs, ...outputs].find(({ shape }) => shape[0] !== -1);
  return fixed === undefined ? undefined : `the first dimension of ${fixed.name} is not open`;
}

async function rowsDiffer(engine: EngineModel): Promise<string | undefined> {
  const random = createRandom();
  const rows = Array.from({ length: ROWS }, (_, row) => randomRow(engine.inputs, random, row));
  const startedAt = performance.now();
  const alone: NamedTensors[] = [];
  for (const row of rows) {
    alone.push(await engine.run(row));
    if (performance.now() - startedAt > MOST_MS) return "trying it out takes too long";
  }
  for (const [from, to] of BATCHES) {
    const size = to - from;
    const output = await engine.run(joinInputs(rows.slice(from, to), size) as NamedTensors);
    const ones = Array.from({ length: size }, () => 1);
    const parts = splitOutput(output, ones, size) as NamedTensors[];
    for (const [at, part] of parts.entries()) {
      const name = differingOutput(engine, part, alone[from + at] as NamedTensors);
      if (name !== undefined) return `a row's ${name} is another in a batch of ${size} than alone`;
    }
  }
  const isSame = alone.every((one) => differingOutput(engine, one, alone[0] as NamedTensors) === undefined);
  return isSame ? "all rows give the same, which does not show whether they depend on each other" : undefined;
}

function randomRow(inputs: readonly TensorSpec[], random: () => number, row: number): NamedTensors {
  const tensors = Object.create(null) as NamedTensors;
  for (const { name, datatype, shape } of inputs) {
    const rowShape = shape.map((length, at) => (length >= 0 ? length : at === 0 ? 1 : OPEN_LENGTH));
    tensors[name] = randomTensor(datatype, rowShape, random, SCALES[row] ?? 1);
  }
  return tensors;
}

/** The first output that is not the same in both. */
function differingOutput(engine: EngineModel, one: NamedTensors, other: NamedTensors): string | undefined {
  return engine.outputs.find(({ name }) => !sameTensor(one[name], other[name]))?.name;
}

function sameTensor(one: Tensor | undefined, other: Tensor | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.shape.length !== other.shape.length) return false;
  if (!one.shape.every((length, at) => length === other.shape[at])) return false;
  if (one.datatype === "BYTES") {
    return (one as Tensor<"BYTES">).data.every((bytes, at) =>
      Buffer.from(bytes).equals(other.data[at] as Uint8Array),
    );
  }
  const tolerance = TOLERANCE[one.datatype];
  if (tolerance === undefined) return one.data.every((value, at) => value === other.data[at]);
  const [first, second] = [numbersOf(one), numbersOf(other)];
  let largest = 0;
  for (const value of second) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  const allowed = tolerance * largest;
  return first.every((value, at) => {
    const expected = second[at] as number;
    return Object.is(value, expected) || value === expected || Math.abs(value - expected) <= allowed;
  });
}

function numbersOf({ datatype, data, shape }: Tensor): readonly number[] {
  const toNumber = datatype === "FP16" ? fp16ToNumber : datatype === "BF16" ? bf16ToNumber : Number;
  return Array.from({ length: elementCount(shape) }, (_, at) => toNumber(data[at] as number));
}
