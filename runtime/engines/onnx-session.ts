import type { InferenceSession } from "onnxruntime-node";
import type { OnnxSettings } from "../../contract/engine-settings.ts";
import { KtsError, messageOf } from "../../contract/errors.ts";
import type { PredictorLog } from "../../contract/predictor.ts";
import { graphCacheOf } from "./onnx-graph-cache.ts";
import type { OnnxruntimePackage } from "./onnx-package.ts";

type SessionOptions = InferenceSession.SessionOptions;

/** Each error is thrown as well; onnxruntime's own line on stderr would say it twice. */
const LOG_FATAL_ONLY = 4;

/** onnxruntime's words, whatever the case they are asked for in: those of its Python package work too. */
const PROVIDER_WORD = /^(.+?)(?:ExecutionProvider)?$/i;

/**
 * Makes a session of a model file, from its cached graph where there is one.
 * @throws KtsError KTS_ENGINE_MISSING when the package has not all execution providers; or onnxruntime's own error
 */
export async function createSession(
  ort: OnnxruntimePackage,
  modelFile: string,
  settings: OnnxSettings,
  intraOpThreads: number,
  log?: PredictorLog,
): Promise<InferenceSession> {
  const options = sessionOptions(ort, settings, intraOpThreads);
  const { graphCacheDir } = settings;
  const create = async (file: string, more: SessionOptions = {}) =>
    ort.InferenceSession.create(file, { ...options, ...more });
  try {
    if (graphCacheDir === undefined) return await create(modelFile);
    const version = ort.env.versions.node ?? ort.env.versions.common;
    const cache = await graphCacheOf({ dir: graphCacheDir, modelFile, version, settings, log });
    return (await cache?.load(create)) ?? (await create(modelFile));
  } catch (error) {
    throw providerFailed(settings.executionProviders, error);
  }
}

function sessionOptions(
  ort: OnnxruntimePackage,
  settings: OnnxSettings,
  intraOpThreads: number,
): SessionOptions {
  const { executionProviders, allowSpinning, memoryArena, memoryPattern } = settings;
  const interOpThreads = settings.interOpThreads ?? 1;
  const spinning = allowSpinning === false ? "0" : "1";
  return {
    // Its default is every core in each session, and more threads than cores halve the throughput.
    intraOpNumThreads: settings.intraOpThreads ?? intraOpThreads,
    interOpNumThreads: interOpThreads,
    executionMode: interOpThreads > 1 ? "parallel" : "sequential",
    logSeverityLevel: LOG_FATAL_ONLY,
    graphOptimizationLevel: settings.graphOptimization ?? "all",
    ...(executionProviders !== undefined && { executionProviders: providers(ort, executionProviders) }),
    ...(memoryArena !== undefined && { enableCpuMemArena: memoryArena }),
    ...(memoryPattern !== undefined && { enableMemPattern: memoryPattern }),
    ...(allowSpinning !== undefined && {
      extra: { session: { intra_op: { allow_spinning: spinning }, inter_op: { allow_spinning: spinning } } },
    }),
  };
}

/** The providers by the package's own names; what it has not is refused here, in plainer words than its own. */
function providers(ort: OnnxruntimePackage, names: readonly string[]): string[] {
  const words = names.map((name) => (PROVIDER_WORD.exec(name)?.[1] ?? name).toLowerCase());
  const known = ort.listSupportedBackends().map(({ name }) => name);
  const absent = words.find((word) => !known.includes(word));
  if (absent === undefined) return words;
  throw new KtsError(
    "KTS_ENGINE_MISSING",
    `the installed onnxruntime-node has no execution provider ${absent} on ${process.platform} ${process.arch}; it has ${known.join(", ")}`,
    { hint: "Choose among them, or install an onnxruntime-node that has it." },
  );
}

/** A provider may be known to the package, and its libraries or devices still be absent. */
function providerFailed(names: readonly string[] | undefined, error: unknown): unknown {
  const message = messageOf(error);
  const special = names?.find((name) => name.toLowerCase() !== "cpu");
  if (
    special === undefined ||
    !/Failed to load shared library|AppendExecutionProvider|Failed to get a .* adapter|no CUDA-capable|CUDA failure/i.test(
      message,
    )
  ) {
    return error;
  }
  return new KtsError(
    "KTS_ENGINE_MISSING",
    `the execution provider ${special} does not start: ${message.trim().split("\n")[0]}`,
    {
      cause: error,
      hint: "CUDA and TensorRT need NVIDIA's driver, and ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node, which downloads the libraries.",
    },
  );
}
