import { KtsError } from "../../contract/errors.ts";

/** The model formats that people have at hand, and no engine loads. */
export const NEAR_MODEL =
  /\.(pt|pth|pkl|joblib|h5|keras|pb|pbtxt|tflite|bst|ubj|safetensors|mar|ort)$|^model\.json$/i;

/** There is nothing to serve where it was looked for. */
export function notFound(message: string, hint?: string): KtsError {
  return new KtsError("KTS_PREDICTOR_NOT_FOUND", message, hint === undefined ? {} : { hint });
}
