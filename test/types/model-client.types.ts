/**
 * Type tests: compiled, never run. A line under `@ts-expect-error` must be refused by the compiler; were it accepted,
 * the comment itself would be the error.
 */
import { z } from "zod";
import { type NamedTensors, type Tensor, definePredictor, tensor } from "kserve-ts";
import { GrpcInferenceClient, InferenceClient } from "kserve-ts/client";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_equal: Equal<A, B>): void {}

using client = new InferenceClient("http://localhost:8080");
using grpc = new GrpcInferenceClient("localhost:8081");
const image = tensor("FP32", [1, 28, 28], new Float32Array(784));
const scale = tensor("FP64", [1], [2]);

const predictor = definePredictor({
  inputs: [
    { name: "image", datatype: "FP32", shape: [-1, 28, 28] },
    { name: "scale", datatype: "FP64", shape: [-1], optional: true },
  ],
  outputs: [
    { name: "digit", datatype: "INT64", shape: [-1] },
    { name: "label", datatype: "BYTES", shape: [-1] },
  ],
  instance: z.object({ pixels: z.array(z.number()), scale: z.number().default(1) }),
  predict: () => ({ digit: [1n], label: ["one"] }),
});

// by what definePredictor gives
const digits = client.model<typeof predictor>("digits");
const { outputs } = await digits.infer({ image, scale });
same<typeof outputs.digit.data, BigInt64Array>(true);
same<typeof outputs.label.data, Uint8Array[]>(true);
await digits.infer({ image });
await digits.infer({ image, scale: undefined }, { timeoutMs: 5 });
await digits.predict<number[]>([{ pixels: [1] }, { pixels: [1], scale: 2 }]);

// the same over gRPC
const overGrpc = await grpc.model<typeof predictor>("digits", "2").infer({ image });
same<typeof overGrpc.outputs.digit, Tensor<"INT64">>(true);

// by a module with a default export, and by one with named exports
const byDefault = await client.model<{ default: typeof predictor }>("digits").infer({ image });
same<typeof byDefault.outputs.digit, Tensor<"INT64">>(true);
const inputs = [{ name: "x", datatype: "INT8", shape: [-1] }] as const;
const named = await client.model<{ inputs: typeof inputs; predict(): unknown }>("m").infer({
  x: tensor("INT8", [1], [1]),
});
same<typeof named.outputs, NamedTensors>(true);

// streams, as the calls that answer once
for await (const answer of digits.inferStream({ image, scale }, { timeoutMs: 5 })) {
  same<typeof answer.outputs.digit.data, BigInt64Array>(true);
  same<typeof answer.outputs, typeof outputs>(true);
}
for await (const answer of grpc.model<typeof predictor>("digits").inferStream({ image })) {
  same<typeof answer.outputs.label, Tensor<"BYTES">>(true);
}
for await (const answer of digits.predictStream<number[]>([{ pixels: [1] }])) {
  same<typeof answer, number[]>(true);
}
for await (const answer of digits.predictStream([{ pixels: [1] }])) same<typeof answer, unknown>(true);
for await (const piece of digits.generateStream("hi", { parameters: { stop: ["."] } })) {
  same<typeof piece, string>(true);
}
const text = await digits.generate("hi");
same<typeof text, string>(true);

// nothing is claimed
const unknown = await client.model("m").infer({ anything: image });
same<typeof unknown.outputs, NamedTensors>(true);
await client.model("m").predict([1, "two"]);
for await (const answer of client.model("m").inferStream({ anything: image })) {
  same<typeof answer.outputs, NamedTensors>(true);
}

// @ts-expect-error an input that has to be there
await digits.infer({ scale });

// @ts-expect-error an input of another datatype
await digits.infer({ image: scale });

// @ts-expect-error an input that the model does not have
await digits.infer({ image, other: scale });

// @ts-expect-error an output that the model does not have
same<typeof outputs.other, Tensor>(true);

// @ts-expect-error an instance that the schema does not take
await digits.predict([{ pixels: "none" }]);

// @ts-expect-error V1 is not there over gRPC
await grpc.model("m").predict([1]);

// @ts-expect-error an input that has to be there, in a stream as well
digits.inferStream({ scale });

// @ts-expect-error an instance that the schema does not take
digits.predictStream([{ pixels: "none" }]);

// @ts-expect-error a stream is no promise
await digits.inferStream({ image }).outputs;

// @ts-expect-error V1 is not there over gRPC
grpc.model("m").predictStream([1]);

// @ts-expect-error neither is generate
grpc.model("m").generateStream("hi");
