import { describeValue } from "./describe.ts";
import { KtsError } from "./errors.ts";

/** How hard onnxruntime optimises a graph while it loads: each level has what the one before has, and more. */
export const ONNX_GRAPH_OPTIMIZATIONS = ["disabled", "basic", "extended", "layout", "all"] as const;

/** One of {@link ONNX_GRAPH_OPTIMIZATIONS}. */
export type OnnxGraphOptimization = (typeof ONNX_GRAPH_OPTIMIZATIONS)[number];

/** How an ONNX model is run. Everything may be left out. */
export interface OnnxSettings {
  /**
   * What computes, best first; an operator that one does not have goes to the next, and the CPU has them all. Such as
   * `cpu`, `cuda`, `tensorrt`, `coreml`, `dml`, `webgpu`: what the installed onnxruntime-node has. Default `["cpu"]`.
   */
  readonly executionProviders?: readonly string[];
  /** Less makes loading faster and predicting slower; `all` may differ in the last digits. Default `all`. */
  readonly graphOptimization?: OnnxGraphOptimization;
  /** Threads within one operator. Default: the server's `--intra_op_threads`. */
  readonly intraOpThreads?: number;
  /** Operators that run at the same time; more than 1 pays for graphs with long independent branches. Default 1. */
  readonly interOpThreads?: number;
  /**
   * Whether threads that wait for work burn their CPU for a while, which makes the next operator start sooner. False
   * spares about half of the CPU time under a light load. Default: onnxruntime's own, true.
   */
  readonly allowSpinning?: boolean;
  /**
   * Whether memory is kept for the next run. False takes less memory and more time. Default true; false for a file of
   * at most 64 KB in a worker that models share, where it would be a third of the model's memory.
   */
  readonly memoryArena?: boolean;
  /** Whether memory is planned ahead where shapes repeat. Turn it off where they hardly do. Default true. */
  readonly memoryPattern?: boolean;
  /**
   * Folder that keeps the optimised graph for the next start; made if need be. Only who may choose the model may
   * write there. Default: none is kept.
   */
  readonly graphCacheDir?: string;
}

/** What engines may be told, by engine. */
export interface EngineSettings {
  readonly onnx?: OnnxSettings;
}

type Check = (value: unknown) => string | undefined;

const boolean: Check = (value) => (typeof value === "boolean" ? undefined : "true or false");
const threads: Check = (value) =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1024
    ? undefined
    : "an integer from 1 to 1024";
const text: Check = (value) => (typeof value === "string" && value !== "" ? undefined : "a text");

const CHECKS: Readonly<Record<keyof OnnxSettings, Check>> = {
  executionProviders: (value) =>
    Array.isArray(value) && value.length > 0 && value.every((each) => text(each) === undefined)
      ? undefined
      : 'a list of names, such as ["cpu"]',
  graphOptimization: (value) =>
    ONNX_GRAPH_OPTIMIZATIONS.some((level) => level === value)
      ? undefined
      : `one of ${ONNX_GRAPH_OPTIMIZATIONS.join(", ")}`,
  intraOpThreads: threads,
  interOpThreads: threads,
  allowSpinning: boolean,
  memoryArena: boolean,
  memoryPattern: boolean,
  graphCacheDir: text,
};

/**
 * Checks settings that came from outside.
 * @param path of the settings, for messages
 * @throws KtsError KTS_USAGE naming the member, what was expected and what came
 */
export function checkOnnxSettings(value: unknown, path = "onnx"): OnnxSettings {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new KtsError("KTS_USAGE", `expected an object, got ${describeValue(value)}`, { path });
  }
  for (const [name, member] of Object.entries(value)) {
    if (!Object.hasOwn(CHECKS, name)) {
      const known = Object.keys(CHECKS).join(", ");
      throw new KtsError("KTS_USAGE", `is not known; there are ${known}`, { path: `${path}.${name}` });
    }
    if (member === undefined) continue;
    const expected = CHECKS[name as keyof OnnxSettings](member);
    if (expected === undefined) continue;
    throw new KtsError("KTS_USAGE", `expected ${expected}, got ${describeValue(member)}`, {
      path: `${path}.${name}`,
    });
  }
  return value;
}
