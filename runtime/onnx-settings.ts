import { type OnnxSettings, checkOnnxSettings } from "../contract/engine-settings.ts";
import type { ServerOptions } from "./options.ts";

/**
 * The ONNX settings that the server's options make.
 * @throws KtsError KTS_USAGE
 */
export function onnxSettings({ onnxExecutionProviders, onnxGraphCacheDir }: ServerOptions): OnnxSettings {
  return checkOnnxSettings({
    ...(onnxExecutionProviders !== undefined && {
      executionProviders: onnxExecutionProviders.split(",").map((name) => name.trim()),
    }),
    ...(onnxGraphCacheDir !== undefined && { graphCacheDir: onnxGraphCacheDir }),
  });
}
