import { InvalidInput, KtsError, isKtsError, messageOf } from "../../contract/errors.ts";

/** Live tensors of one worker: a number that grows with the requests is a leak. */
export const TENSORS_GAUGE = {
  name: "kserve_ts_tensorflow_tensors",
  help: "Tensors that TensorFlow holds",
} as const;

/** Failures inside the graph that only other input can mend; TensorFlow's errors have no code to tell them by. */
const INPUT_FAULT =
  /Incompatible shapes|Matrix size-incompatible|must have the same|Dimensions? .* (must be equal|not equal|mismatch)|out of (bounds|range)|is not in \[0,|Input to reshape|Cannot reshape|must be broadcastable|Invalid argument: (Shape|indices)|same number of samples/i;

/** The error of a run that TensorFlow, native or in JavaScript, did not finish. */
export function runFailed(error: unknown): KtsError {
  if (isKtsError(error)) return error;
  const message = messageOf(error).replace(/^Session fail to run with error: /, "");
  const line = message.trim().split("\n")[0] ?? "";
  if (INPUT_FAULT.test(message)) {
    return new InvalidInput(`the model cannot take this input: ${line}`, { cause: error });
  }
  const kernel = /Kernel '([^']+)' not registered for backend '([^']+)'/.exec(message);
  if (kernel !== null) {
    return new KtsError(
      "KTS_PREDICTOR_FAILED",
      `the model uses the operator ${kernel[1]}, which TensorFlow.js does not have on its ${kernel[2]} backend`,
      {
        cause: error,
        hint: "Install @tensorflow/tfjs-node, which has every operator, or convert the model to ONNX.",
      },
    );
  }
  return new KtsError("KTS_PREDICTOR_FAILED", `TensorFlow failed: ${line}`, { cause: error });
}
