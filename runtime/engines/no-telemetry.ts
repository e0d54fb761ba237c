/**
 * Keeps ONNX Runtime from reporting to its makers. From 1.29 on it sends events of every session over the network, and
 * keeps an identifier and a database in the home folder, unless this variable is set before it is loaded
 * (microsoft/onnxruntime #27379). Here it is set for the whole process, as a worker thread cannot and a predictor may
 * load it by itself. A value that is there stays: `ORT_DISABLE_TELEMETRY=0` is the user's own choice.
 */
export function refuseTelemetry(): void {
  process.env["ORT_DISABLE_TELEMETRY"] ??= "1";
}
