import type { InferenceSession } from "onnxruntime-node";
import { InvalidInput, KtsError, isKtsError, messageOf } from "../../contract/errors.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { NamedTensors, Tensor } from "../../contract/tensor.ts";
import { checkInput, checkedOutputs, listInputs } from "./check-tensors.ts";
import type { EngineLoadOptions, LoadedEngine } from "./engine.ts";
import { invalid } from "./model-file.ts";
import { checkOnnxFile, loadFailed } from "./onnx-file.ts";
import { type OnnxruntimePackage, requireOnnxruntime } from "./onnx-package.ts";
import { createSession } from "./onnx-session.ts";
import { DATATYPE_OF_ORT, fromOrtTensor, toOrtTensor } from "./onnx-tensors.ts";

type ValueMetadata = InferenceSession.ValueMetadata;

/**
 * Loads an ONNX model with onnxruntime-node.
 * @throws KtsError KTS_ENGINE_MISSING; KTS_MODEL_FILE_INVALID naming the file and what to do
 */
export async function loadOnnx(options: EngineLoadOptions): Promise<LoadedEngine> {
  const { modelFile, resolveFrom, intraOpThreads, onnx = {}, log } = options;
  await checkOnnxFile(modelFile);
  const ort = requireOnnxruntime(resolveFrom);
  let session: InferenceSession;
  try {
    session = await createSession(ort, modelFile, onnx, intraOpThreads, log);
  } catch (error) {
    throw isKtsError(error) ? error : loadFailed(modelFile, error);
  }
  return new OnnxModel(ort, session, modelFile);
}

/** An input with what its dimensions are called: a length, a name that has one length a request, or "" for open. */
interface Input {
  readonly spec: TensorSpec;
  readonly dimensions: readonly (number | string)[];
}

class OnnxModel implements LoadedEngine {
  readonly engine = "onnxruntime";
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly #ort: OnnxruntimePackage;
  readonly #session: InferenceSession;
  readonly #inputs: readonly Input[];
  /** Names of dimensions that occur more than once, so that two lengths can contradict each other. */
  readonly #shared: ReadonlySet<string>;

  constructor(ort: OnnxruntimePackage, session: InferenceSession, modelFile: string) {
    this.#ort = ort;
    this.#session = session;
    if ((session.inputMetadata as unknown) === undefined) {
      throw new KtsError(
        "KTS_ENGINE_MISSING",
        "the installed onnxruntime-node does not tell a model's signature",
        {
          hint: "Run npm install onnxruntime-node@latest --ignore-scripts",
        },
      );
    }
    this.#inputs = session.inputMetadata.map((metadata) => ({
      spec: toSpec(metadata, "input", modelFile),
      dimensions: metadata.isTensor ? metadata.shape : [],
    }));
    this.inputs = this.#inputs.map(({ spec }) => spec);
    this.outputs = session.outputMetadata.map((metadata) => toSpec(metadata, "output", modelFile));
    this.#shared = repeated(this.#inputs.flatMap(({ dimensions }) => dimensions));
  }

  async run(inputs: NamedTensors, outputs?: readonly string[]): Promise<NamedTensors> {
    const feeds = this.#feeds(inputs);
    const fetches = outputs === undefined ? undefined : checkedOutputs(this.outputs, outputs);
    let results: Awaited<ReturnType<InferenceSession["run"]>>;
    try {
      results = await (fetches === undefined ? this.#session.run(feeds) : this.#session.run(feeds, fetches));
    } catch (error) {
      throw runFailed(error);
    }
    const named = Object.create(null) as NamedTensors;
    for (const { name } of this.outputs) {
      const result = results[name];
      if (result !== undefined) named[name] = fromOrtTensor(result);
    }
    return named;
  }

  /** onnxruntime ignores what it does not know and says little about the rest, so everything is checked here. */
  #feeds(inputs: NamedTensors): InferenceSession.FeedsType {
    const feeds = Object.create(null) as Record<string, InferenceSession.FeedsType[string]>;
    const lengths = new Map<string, { length: number; input: string }>();
    for (const input of this.#inputs) {
      const { name } = input.spec;
      const tensor = inputs[name];
      if (tensor === undefined) throw new InvalidInput(`input ${name} is missing${listInputs(this.inputs)}`);
      this.#check(input, tensor, lengths);
      feeds[name] = toOrtTensor(this.#ort, name, tensor);
    }
    const names = Object.keys(inputs);
    if (names.length > this.#inputs.length) {
      const unknown = names.find((name) => !Object.hasOwn(feeds, name));
      throw new InvalidInput(
        `the model has no input ${unknown} that can be set${listInputs(this.inputs)}; an input with a default value in the model file keeps it`,
      );
    }
    return feeds;
  }

  #check(input: Input, tensor: Tensor, lengths: Map<string, { length: number; input: string }>): void {
    checkInput(input.spec, tensor);
    if (this.#shared.size === 0) return;
    for (const [at, dimension] of input.dimensions.entries()) {
      if (typeof dimension === "number" || !this.#shared.has(dimension)) continue;
      const length = tensor.shape[at] as number;
      const first = lengths.get(dimension);
      if (first === undefined) lengths.set(dimension, { length, input: input.spec.name });
      else if (first.length !== length) {
        throw new InvalidInput(
          `input ${input.spec.name}: dimension ${at} (${dimension}) is ${length}, but ${first.length} in input ${first.input}`,
        );
      }
    }
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

function toSpec(metadata: ValueMetadata, side: "input" | "output", modelFile: string): TensorSpec {
  const { name } = metadata;
  if (!metadata.isTensor) {
    throw invalid(
      modelFile,
      `has an ${side} ${name} that is no tensor but a sequence or map`,
      'Export it without: with skl2onnx, convert_sklearn(..., options={"zipmap": False}).',
    );
  }
  const datatype = DATATYPE_OF_ORT[metadata.type];
  if (datatype === undefined) {
    throw invalid(
      modelFile,
      `has an ${side} ${name} of type ${metadata.type}, which no protocol datatype can carry`,
    );
  }
  return {
    name,
    datatype,
    shape: metadata.shape.map((length) => (typeof length === "number" ? length : -1)),
  };
}

function repeated(dimensions: readonly (number | string)[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const dimension of dimensions) {
    if (typeof dimension === "number" || dimension === "") continue;
    (seen.has(dimension) ? twice : seen).add(dimension);
  }
  return twice;
}

/** Failures inside the graph that only other input can mend; onnxruntime's errors have no code to tell them by. */
const INPUT_FAULT =
  /invalid dimensions|Invalid rank|out of data bounds|out of bounds|cannot be reshaped|broadcast|incompatible dimensions|dimension mismatch|Unexpected input data type/i;

function runFailed(error: unknown): KtsError {
  const message = messageOf(error).trim().split("\n")[0] ?? "";
  const short = message.replace(/\/\S+\.(cc|h):\d+ .*?\) /, "");
  if (INPUT_FAULT.test(message)) {
    return new InvalidInput(`the model cannot take this input: ${short}`, { cause: error });
  }
  return new KtsError("KTS_PREDICTOR_FAILED", `onnxruntime failed: ${short}`, { cause: error });
}
