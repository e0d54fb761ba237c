/**
 * Type tests: compiled, never run. A line under `@ts-expect-error` must be refused by the compiler; were it accepted,
 * the comment itself would be the error.
 */
import {
  definePredictor,
  tensor,
  type EngineModel,
  type NamedTensors,
  type RemotePredictor,
  type Tensor,
} from "kserve-ts";
import { z } from "zod";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_equal: Equal<A, B>): void {}

const inputs = [
  { name: "pixels", datatype: "FP32", shape: [-1, 28, 28] },
  { name: "label", datatype: "BYTES", shape: [-1] },
] as const;
const outputs = [{ name: "digit", datatype: "INT64", shape: [-1] }] as const;

// inputs type the tensors, load types the model
definePredictor({
  inputs,
  outputs,
  load: async () => ({ weights: new Float32Array(3) }),
  predict(model, input, ctx) {
    same<typeof model, { weights: Float32Array<ArrayBuffer> }>(true);
    same<typeof input.pixels, Tensor<"FP32">>(true);
    same<typeof input.label, Tensor<"BYTES">>(true);
    same<typeof ctx.requestId, string>(true);
    same<typeof ctx.signal, AbortSignal>(true);
    return { digit: [1, 2n] };
  },
});

// written in place, without `as const`
definePredictor({
  inputs: [{ name: "x", datatype: "FP64", shape: [-1, 2] }],
  predict: (_model, { x }) => [...x.data],
});

// preProcess types predict's input, predict types postProcess's
definePredictor({
  outputs,
  preProcess: (request) => request.instances.length,
  predict(model, count) {
    same<typeof model, EngineModel>(true);
    same<typeof count, number>(true);
    return { rows: count };
  },
  postProcess(prediction) {
    same<typeof prediction, { rows: number }>(true);
    return new BigInt64Array([BigInt(prediction.rows)]);
  },
});

// instance types the list
definePredictor({
  instance: z.object({ age: z.number(), name: z.string() }),
  predict(_model, people) {
    same<typeof people, readonly { age: number; name: string }[]>(true);
    return people.map((person) => person.age);
  },
});

// the engine runs the model, postProcess gets its outputs
definePredictor({
  preProcess: () => ({ pixels: tensor("FP32", [1], [0]) }),
  postProcess(prediction) {
    same<typeof prediction, NamedTensors>(true);
    return "done";
  },
});

// an async generator answers as a stream
definePredictor({
  outputs,
  async *predict() {
    yield { digit: [1n] };
    yield [2];
  },
});
definePredictor({
  outputs,
  async *predict() {
    yield { rows: 1 };
  },
  postProcess(prediction) {
    same<typeof prediction, { rows: number }>(true);
    return [prediction.rows];
  },
});
// @ts-expect-error the output is INT64, not text
definePredictor({
  outputs,
  async *predict() {
    yield { digit: ["one"] };
  },
});

// several requests may share a predict
definePredictor({
  batching: { maxBatchSize: 32, maxDelayMs: 2 },
  inputs,
  predict(_model, { label }, ctx) {
    same<NonNullable<typeof ctx.batch>["size"], number>(true);
    same<NonNullable<typeof ctx.batch>["requestIds"], readonly string[]>(true);
    return label.data;
  },
});
definePredictor({ batching: true, predict: () => [] });
definePredictor({ batching: false, postProcess: (prediction) => prediction });

// @ts-expect-error a typo in an option
definePredictor({ batching: { maxBatch: 32 }, predict: () => [] });

// @ts-expect-error a number says nothing
definePredictor({ batching: 32, predict: () => [] });

// a remote predictor takes instances as well; what it answers nobody knows
definePredictor({
  preProcess: (request) => request.instances.map(String),
  postProcess(prediction) {
    same<typeof prediction, unknown>(true);
    return "done";
  },
});

// ... is the model of who says so, and is in ctx for everybody
definePredictor({
  async predict(model: RemotePredictor, input: readonly unknown[], ctx) {
    same<typeof ctx.remote, RemotePredictor | undefined>(true);
    const { y } = await model.run({ x: tensor("FP32", [1], [1]) });
    return y === undefined ? [await model.predict(input)] : y;
  },
});

definePredictor({
  // @ts-expect-error a remote has no such method
  predict: async (model: RemotePredictor) => [await model.infer([])],
});

definePredictor({
  inputs,
  predict(_model, input) {
    // @ts-expect-error an input that is not declared
    return input.pixel;
  },
});

definePredictor({
  inputs,
  // @ts-expect-error the elements of an FP32 tensor are numbers, not texts
  predict: (_model, input): string[] => [...input.pixels.data],
});

// @ts-expect-error an unknown datatype
definePredictor({ inputs: [{ name: "x", datatype: "FLOAT", shape: [-1] }], predict: () => [] });

definePredictor({
  load: () => ({ weights: 1 }),
  // @ts-expect-error the model has no member of that name
  predict: (model) => [model.wieghts],
});

// @ts-expect-error the output is called digit
definePredictor({
  outputs,
  predict: () => ({ digits: [1] }),
});

// @ts-expect-error the output is INT64, not text
definePredictor({
  outputs,
  predict: () => ({ digit: ["one"] }),
});

// @ts-expect-error a typo in a function's name
definePredictor({ predict: () => [], postprocess: () => [] });

// @ts-expect-error an unknown execution
definePredictor({ predict: () => [], execution: "thread" });

// @ts-expect-error explain is a function
definePredictor({ predict: () => [], explain: true });

definePredictor({
  instance: z.object({ age: z.number() }),
  // @ts-expect-error the instance has no such member
  predict: (_model, people) => people.map((person) => person.name),
});

// @ts-expect-error INT64 elements are integers, as numbers or bigints
tensor("INT64", [1], ["1"]);
