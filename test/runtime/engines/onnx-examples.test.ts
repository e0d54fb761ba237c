import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DATATYPE_ARRAY, type Datatype } from "../../../contract/datatype.ts";
import { fromFloat32, toFloat32 } from "../../../contract/half.ts";
import { type NamedTensors, type Tensor, strings, tensor } from "../../../contract/tensor.ts";
import { loadWithEngine } from "../../../runtime/engines/engine.ts";

const models = new URL("../../fixtures/models/", import.meta.url);
const names = readdirSync(models, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name.endsWith("-onnx"))
  .map((entry) => entry.name);

interface JsonTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: number[];
  readonly data: (number | bigint | boolean | string)[];
}

interface RawTensor {
  readonly datatype: Datatype;
  readonly shape: number[];
  readonly base64: string;
}

interface Example {
  readonly name: string;
  readonly v2Request: { inputs: JsonTensor[] } | null;
  readonly v2Response: { outputs: JsonTensor[] };
  readonly tolerance: number;
  readonly raw?: { exact: boolean; inputs: Record<string, RawTensor>; outputs: Record<string, RawTensor> };
  readonly limitation?: string;
}

/** Integers that a double cannot hold become BigInt. */
function readJson(path: string): unknown {
  return JSON.parse(
    readFileSync(new URL(path, models), "utf8"),
    (_key, value: unknown, context?: { source?: string }) =>
      typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "")
        ? BigInt(context?.source ?? 0)
        : value,
  );
}

function fromJson({ datatype, shape, data }: JsonTensor): Tensor {
  if (datatype === "FP16") return fromFloat32("FP16", shape, data as number[]);
  return tensor(datatype, shape, data as never);
}

function fromRaw({ datatype, shape, base64 }: RawTensor): Tensor {
  const bytes = new Uint8Array(Buffer.from(base64, "base64"));
  if (datatype !== "BYTES") return { datatype, shape, data: new DATATYPE_ARRAY[datatype](bytes.buffer) };
  const elements: Uint8Array[] = [];
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at, true);
    elements.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return { datatype, shape, data: elements };
}

function valuesOf(value: Tensor): readonly unknown[] {
  if (value.datatype === "BYTES") return strings(value as Tensor<"BYTES">);
  if (value.datatype === "FP16") return [...toFloat32(value)];
  return [...(value.data as Iterable<unknown>)];
}

function expectClose(actual: Tensor | undefined, expected: Tensor, tolerance: number): void {
  expect(actual).toMatchObject({ datatype: expected.datatype, shape: expected.shape });
  const values = valuesOf(actual as Tensor);
  valuesOf(expected).forEach((wanted, at) => {
    const value = values[at];
    if (!expected.datatype.startsWith("FP") || !Number.isFinite(wanted)) expect(value).toEqual(wanted);
    else {
      const error = Math.abs((value as number) - (wanted as number));
      expect(error).toBeLessThanOrEqual(tolerance + tolerance * Math.abs(wanted as number));
    }
  });
}

function named<T>(entries: Iterable<readonly [string, T]>, convert: (value: T) => Tensor): NamedTensors {
  const tensors = Object.create(null) as NamedTensors;
  for (const [name, value] of entries) tensors[name] = convert(value);
  return tensors;
}

describe.each(names)("%s", (name) => {
  const load = () =>
    loadWithEngine({
      modelFile: new URL(`${name}/model/model.onnx`, models).pathname,
      resolveFrom: [],
      intraOpThreads: 1,
    });
  const examples = readJson(`${name}/examples.json`) as Example[];

  it("has the signature of signature.json", async () => {
    const { inputs, outputs } = readJson(`${name}/signature.json`) as Record<
      "inputs" | "outputs",
      JsonTensor[]
    >;
    const specs = (list: readonly JsonTensor[]) =>
      list.map(({ name: own, datatype, shape }) => ({ name: own, datatype, shape }));
    const model = await load();
    expect(model).toMatchObject({ inputs: specs(inputs), outputs: specs(outputs) });
    await model.dispose();
  });

  it.each(examples.filter(({ v2Request, limitation }) => v2Request !== null && limitation === undefined))(
    "answers the example $name",
    async ({ v2Request, v2Response, tolerance }) => {
      const model = await load();
      const inputs = named(
        (v2Request?.inputs ?? []).map((input) => [input.name, input] as const),
        fromJson,
      );
      const outputs = await model.run(inputs);
      for (const expected of v2Response.outputs) {
        expectClose(outputs[expected.name], fromJson(expected), tolerance);
      }
      await model.dispose();
    },
  );

  it.each(examples.filter(({ raw, limitation }) => raw !== undefined && limitation === undefined))(
    "answers the binary form of the example $name",
    async ({ raw, tolerance }) => {
      const model = await load();
      const outputs = await model.run(named(Object.entries(raw?.inputs ?? {}), fromRaw));
      for (const [output, expected] of Object.entries(raw?.outputs ?? {})) {
        if (raw?.exact === true) expect(outputs[output]).toEqual({ ...fromRaw(expected) });
        else expectClose(outputs[output], fromRaw(expected), tolerance);
      }
      await model.dispose();
    },
  );
});
