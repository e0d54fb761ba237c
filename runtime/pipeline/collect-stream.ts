import { KtsError } from "../../contract/errors.ts";
import type { NamedTensor, Prediction } from "../../contract/inference.ts";
import type { NamedTensors } from "../../contract/tensor.ts";
import { canJoin, inputRows, joinInputs } from "./batch-input.ts";

/**
 * The answers of a stream as one, for a client that asked for one: tensors joined along their first dimension, anything
 * else as an array with one value an answer.
 * @throws KtsError KTS_BAD_PREDICTION for tensors that cannot be joined
 */
export function collectPredictions(predictions: readonly Prediction[]): Prediction {
  const [first] = predictions;
  if (first?.kind === "tensors") return { kind: "tensors", tensors: joinAnswers(predictions) };
  return { kind: "array", values: predictions.map(valueOf) };
}

function valueOf(prediction: Prediction): unknown {
  switch (prediction.kind) {
    case "array":
      return prediction.values;
    case "object":
      return prediction.value;
    case "text":
      return prediction.text;
    case "bytes":
      return prediction.bytes;
    case "tensors":
      throw cannotJoin("tensors come after an answer that is none");
  }
}

function joinAnswers(predictions: readonly Prediction[]): NamedTensor[] {
  const answers = predictions.map((prediction, at) => {
    if (prediction.kind !== "tensors") throw cannotJoin(`answer ${at} is no tensors, unlike the first`);
    return tensorsByName(prediction.tensors);
  });
  const [first] = answers as [NamedTensors];
  const odd = answers.findIndex((answer) => inputRows(answer) === 0 || !canJoin(first, answer));
  if (odd >= 0) throw cannotJoin(`answer ${odd} has other names, datatypes or row shapes than the first`);
  const rows = answers.reduce((sum, answer) => sum + inputRows(answer), 0);
  const joined = joinInputs(answers, rows) as NamedTensors;
  return Object.entries(joined).map(([name, { datatype, shape, data }]) => ({ name, datatype, shape, data }));
}

function tensorsByName(tensors: readonly NamedTensor[]): NamedTensors {
  const named = Object.create(null) as NamedTensors;
  for (const { name, datatype, shape, data } of tensors) named[name] = { datatype, shape, data };
  return named;
}

function cannotJoin(problem: string): KtsError {
  return new KtsError("KTS_BAD_PREDICTION", `the answers of a stream cannot become one: ${problem}`, {
    hint: "Ask for a stream, or let predict answer with tensors whose first dimension is the batch.",
  });
}
