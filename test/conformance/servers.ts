import { fileURLToPath } from "node:url";
import { type RunningServer, createServer } from "../../runtime/index.ts";
import type { VectorModel } from "./vector.ts";

/** Serves one of the vectors' models, by the name the vectors have for it. */
export async function serveVectorModel(model: VectorModel): Promise<RunningServer> {
  const isPredictor = model === "echo" || model === "counter";
  const folder = isPredictor ? `predictors/inline-${model}` : `models/${model}`;
  return createServer({
    folder: fileURLToPath(new URL(`../fixtures/${folder}`, import.meta.url)),
    options: { httpPort: 0, modelName: model, logLevel: "silent", gracePeriodMs: 1_000 },
  });
}
