/**
 * The ceiling of a model on one thread: `session.run` in a loop, one instance a run, no server around it.
 * Usage: `node direct-loop.ts MODEL_FIXTURE`; then each IPC message is a number of seconds, answered with runs a second.
 */
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { type ModelFixture, modelFolder, singleExample } from "../load/fixture-requests.ts";

const RUNS_BETWEEN_LOOKS = 32;

const model = process.argv[2] as ModelFixture;
const session = await InferenceSession.create(join(modelFolder(model), "model", "model.onnx"), {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
});
const { v2Request, v2Response, tolerance } = singleExample(model);
const [input] = v2Request.inputs;
const feeds = { [input.name]: new Tensor("float32", Float32Array.from(input.data), [...input.shape]) };
const outputs = await session.run(feeds);
for (const { name, data } of v2Response.outputs)
  checkValues(name, [...(outputs[name]?.data as Float32Array)], data);

function checkValues(name: string, got: readonly number[], wanted: readonly number[]): void {
  const isRight = wanted.every((value, index) => {
    const difference = Math.abs(Number(got[index]) - value);
    return difference <= tolerance * (1 + Math.abs(value));
  });
  if (!isRight) throw new Error(`${name} is ${got.join(", ")}, expected ${wanted.join(", ")}`);
}

async function runsPerSecond(seconds: number): Promise<number> {
  const startedAt = performance.now();
  let runs = 0;
  let elapsedMs = 0;
  while (elapsedMs < seconds * 1000) {
    for (let run = 0; run < RUNS_BETWEEN_LOOKS; run++) await session.run(feeds);
    runs += RUNS_BETWEEN_LOOKS;
    elapsedMs = performance.now() - startedAt;
  }
  return (runs / elapsedMs) * 1000;
}

process.on("message", (seconds: number) => {
  void runsPerSecond(seconds).then((perSecond) => process.send?.(perSecond));
});
process.send?.("ready");
