import type { Payload, Verb } from "../../../contract/inference.ts";
import type { NamedTensors } from "../../../contract/tensor.ts";
import { discoverModel } from "../../../runtime/models/discover.ts";
import type { Job, JobResult } from "../../../runtime/pipeline/executor.ts";
import { type ExecutorSettings, startExecutor } from "../../../runtime/workers/start-executor.ts";

const predictors = new URL("../../fixtures/predictors/", import.meta.url).pathname;

/** A signal that never aborts. */
export const never = new AbortController().signal;

/** A log line as the sink got it. */
export type LogLine = readonly [level: string, message: string, fields: Readonly<Record<string, unknown>>];

function job(verb: Verb, payload: Payload, protocol: Job["protocol"]): Job {
  return { verb, protocol, requestId: "r1", headers: { host: "here" }, parameters: { p: 1 }, payload };
}

/** A V1 request. */
export function instancesJob(instances: readonly unknown[], verb: Verb = "predict"): Job {
  return job(verb, { kind: "instances", instances }, "v1");
}

/** A V2 request. */
export function tensorsJob(tensors: NamedTensors): Job {
  return job("predict", { kind: "tensors", tensors }, "v2");
}

/** The answer's plain array. */
export function valuesOf({ prediction }: JobResult): readonly unknown[] {
  if (prediction.kind !== "array") throw new Error(`the prediction is ${prediction.kind}`);
  return prediction.values;
}

/** The fixture predictor's source. */
export function fixture(name: string, modelDir?: string) {
  return discoverModel(`${predictors}${name}`, modelDir === undefined ? {} : { modelDir });
}

/** Starts a fixture predictor; its log lines are kept. */
export async function startFixture(name: string, settings: Partial<ExecutorSettings> = {}) {
  const lines: LogLine[] = [];
  const executor = await startExecutor(await fixture(name), {
    workers: 1,
    intraOpThreads: 1,
    maxQueueSize: 1000,
    log: (...line) => lines.push(line),
    ...settings,
  });
  return { executor, lines, [Symbol.asyncDispose]: () => executor[Symbol.asyncDispose]() };
}

/** Waits until a condition holds; the test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
