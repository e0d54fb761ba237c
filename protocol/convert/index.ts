/** The two views of data, V1's instances and V2's tensors, turned into each other; and what predictors answer into either. */
export { checkTensors } from "./check-tensors.ts";
export { generatedText, textInputSpec, textTensors } from "./generated-text.ts";
export { predictionTensors } from "./prediction-tensors.ts";
export { stackInstances } from "./stack.ts";
export { toPrediction } from "./to-prediction.ts";
export { unstackTensors } from "./unstack.ts";
