/**
 * Type tests: compiled, never run. A line under `@ts-expect-error` must be refused by the compiler; were it accepted,
 * the comment itself would be the error.
 */
import { type NamedTensors, type Tensor, type TensorsOf, tensor } from "kserve-ts";
import { type ClientOptions, InferenceClient } from "kserve-ts/client";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_equal: Equal<A, B>): void {}

using client = new InferenceClient(new URL("http://localhost:8080"), { timeoutMs: 1_000, binary: false });
const x = tensor("FP32", [1], [1]);

// nothing is claimed: the caller has to look
const prediction = await client.predict("m", [1]);
same<typeof prediction, unknown>(true);
const result = await client.infer("m", { x });
same<typeof result.outputs, NamedTensors>(true);
same<(typeof result.outputs)[string], Tensor>(true);
same<typeof result.modelVersion, string | undefined>(true);

// what the caller claims
const numbers = await client.predict<number[]>("m", [1]);
same<typeof numbers, number[]>(true);
const outputs = [
  { name: "digit", datatype: "INT64", shape: [-1] },
  { name: "label", datatype: "BYTES", shape: [-1] },
] as const;
const typed = await client.infer<TensorsOf<typeof outputs>>("m", { x });
same<typeof typed.outputs.digit.data, BigInt64Array>(true);
same<typeof typed.outputs.label.data, Uint8Array[]>(true);

// the same of streams
for await (const answer of client.predictStream<number[]>("m", [1])) same<typeof answer, number[]>(true);
for await (const answer of client.predictStream("m", [1])) same<typeof answer, unknown>(true);
for await (const answer of client.inferStream<TensorsOf<typeof outputs>>("m", { x })) {
  same<typeof answer.outputs.digit.data, BigInt64Array>(true);
}
for await (const piece of client.generateStream("m", "hi")) same<typeof piece, string>(true);

// an option that may be there, or not
const maybe: { timeoutMs: number | undefined; signal: AbortSignal | undefined } = {
  timeoutMs: undefined,
  signal: undefined,
};
await client.ready(maybe);

// @ts-expect-error a typo in an option's name
const misspelt: ClientOptions = { timeout: 5 };

// @ts-expect-error the model does not answer with that tensor
same<typeof typed.outputs.digits, Tensor>(true);

// @ts-expect-error the elements of a tensor are its datatype's own array
await client.infer("m", { x: { datatype: "FP32", shape: [1], data: [1] } });

// @ts-expect-error inputs are tensors
await client.infer("m", { x: [1] });

// @ts-expect-error instances are a list
await client.predict("m", { instances: [1] });

// @ts-expect-error V2's parameters are numbers, flags and texts
await client.infer("m", { x }, { parameters: { list: [1] } });

// @ts-expect-error the result belongs to the caller to read, not to change
typed.outputs = {};
