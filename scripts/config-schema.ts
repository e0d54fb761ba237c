import type { ModelConfig, TestConfig } from "../contract/config.ts";
import { ONNX_GRAPH_OPTIMIZATIONS, type OnnxSettings } from "../contract/engine-settings.ts";
import type { BatchingOptions } from "../contract/predictor.ts";
import { deployJsonSchema } from "../deployer/config/json-schema.ts";
import { type OptionSpec, SERVER_OPTIONS } from "../runtime/option-table.ts";

type Schema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema of the whole of `kserve.config.json` and `.yaml`, for editors: the server's sections from its option
 * table and its types, the deployer's from its own schema. A section of another name is let pass, as the readers do.
 */
export function configJsonSchema(): Schema {
  const deployer = deployJsonSchema();
  const { properties, $defs, ...rest } = deployer as { readonly properties: Schema; readonly $defs?: Schema };
  return {
    ...rest,
    properties: {
      server: { ...SERVER, description: "Options of the server; --help of serve says more of each." },
      model: { $ref: "#/$defs/model", description: "How the folder's model is run." },
      models: {
        type: "object",
        additionalProperties: { $ref: "#/$defs/model" },
        description: "Models of a repository by name.",
      },
      test: { ...members(TEST), description: "How kserve-ts test tests the project." },
      ...properties,
    },
    $defs: { ...$defs, model: MODEL },
  };
}

const text = (description: string): Schema => ({ type: "string", minLength: 1, description });
const toggle = (description: string): Schema => ({ type: "boolean", description });
const integer = (minimum: number, description: string, maximum?: number): Schema => ({
  type: "integer",
  minimum,
  ...(maximum !== undefined && { maximum }),
  description,
});

const SERVER = members(
  Object.fromEntries([
    ...SERVER_OPTIONS.map((option) => [option.key, optionSchema(option)]),
    ["modelDir", text("Folder of the model's files, relative to this file.")],
  ]) as Schema,
);

const BATCHING = {
  maxBatchSize: integer(1, "Most instances of one run. Default 64."),
  maxDelayMs: { type: "number", minimum: 0, description: "Milliseconds to wait for others. Default 0." },
} satisfies Record<keyof BatchingOptions, Schema>;

const ONNX = {
  executionProviders: { type: "array", items: { type: "string" }, description: "Best first. Default cpu." },
  graphOptimization: { enum: ONNX_GRAPH_OPTIMIZATIONS, description: "How much the graph is rewritten." },
  intraOpThreads: integer(1, "Threads within an operator."),
  interOpThreads: integer(1, "Threads between operators."),
  allowSpinning: toggle("Threads that wait keep their CPU."),
  memoryArena: toggle("Memory of runs is kept for the next."),
  memoryPattern: toggle("Memory of a run is planned by the one before."),
  graphCacheDir: text("Folder that keeps optimised graphs."),
} satisfies Record<keyof OnnxSettings, Schema>;

const MODEL = members({
  versions: {
    anyOf: [{ enum: ["latest", "all"] }, { type: "array", minItems: 1, items: integer(0, "A version.") }],
    description: "Which versions are served. Default latest.",
  },
  workers: integer(1, "Worker threads of the model's own.", 512),
  intraOpThreads: integer(1, "Threads of the engine within one predict.", 1024),
  maxQueueSize: integer(0, "Requests that may wait for a worker.", 1_000_000),
  timeoutMs: { type: "number", exclusiveMinimum: 0, description: "Milliseconds a request may take." },
  batching: {
    anyOf: [{ type: "boolean" }, members(BATCHING)],
    description: "Whether requests may share a run.",
  },
  onnx: { ...members(ONNX), description: "How an ONNX model is run." },
} satisfies Record<keyof ModelConfig, Schema>);

const TEST = {
  predictor: text(
    "Folder of a predictor that stands in for a transformer's remote one, relative to this file.",
  ),
} satisfies Record<keyof TestConfig, Schema>;

function members(properties: Schema): Schema {
  return { type: "object", properties, additionalProperties: false };
}

function optionSchema({ type, range, default: value, doc }: OptionSpec): Schema {
  const common = { ...(value !== undefined && { default: value }), description: doc };
  if (type === "integer") return { ...integer(range?.[0] ?? 0, doc, range?.[1]), ...common };
  if (type === "boolean") return { type, ...common };
  return type === "string" ? { type, minLength: 1, ...common } : { enum: type, ...common };
}
