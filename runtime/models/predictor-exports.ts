import { describeValue } from "../../contract/describe.ts";
import { KtsError } from "../../contract/errors.ts";
import type { BatchingOptions, Predictor } from "../../contract/predictor.ts";
import { ENGINE_FILES } from "../engines/engine.ts";
import { batchingProblem } from "./batching-check.ts";
import { checkSpecs } from "./check-specs.ts";
import type { ModuleExports } from "./load-module.ts";
import { nearMiss } from "./near-miss.ts";
import { LONGEST_TIMER_MS } from "../longest-timer.ts";

const FUNCTIONS = ["load", "preProcess", "predict", "postProcess", "explain", "unload"] as const;
const VALUES = [
  "inputs",
  "outputs",
  "instance",
  "batching",
  "timeoutMs",
  "concurrency",
  "execution",
] as const;
const KNOWN: readonly string[] = [...FUNCTIONS, ...VALUES];

/** What the checks have to know beside the module itself. */
export interface ExportsContext {
  /** The module's file name, for messages. */
  readonly file: string;
  /** Whether there is a model file that an engine can run. */
  readonly hasModelFile: boolean;
  /** Where a model file was looked for, for messages. */
  readonly modelDir: string;
  /** Whether a remote predictor answers what the module leaves out. Default false. */
  readonly hasRemote?: boolean;
}

/**
 * The predictor that a module exports: by name, or as one default export.
 * @throws KtsError KTS_PREDICTOR_INVALID when an export is missing, misspelt or of the wrong kind
 */
export function predictorFromExports(exports: ModuleExports, context: ExportsContext): Predictor {
  const { members, isDefault } = membersOf(exports, context);
  for (const name of isDefault ? namesOf(members) : Object.keys(members)) {
    const meant = nearMiss(name, KNOWN);
    if (meant !== undefined && members[meant] === undefined) {
      throw invalid(context, `exports ${name}, which means nothing here; did you mean ${meant}?`);
    }
  }
  const predictor: Record<string, unknown> = {};
  for (const name of FUNCTIONS) {
    const value = members[name];
    if (value === undefined) continue;
    if (typeof value !== "function") throw wrong(context, name, "a function", value);
    predictor[name] = isDefault ? boundTo(members, value as AnyFunction) : value;
  }
  for (const name of VALUES) {
    const value = members[name];
    if (value !== undefined) predictor[name] = checkValue(name, value, context);
  }
  requirePredict(predictor, context);
  return predictor as unknown as Predictor;
}

type AnyFunction = (...values: never[]) => unknown;

/** The functions that were bound to a default export, by what was made of them. */
const originals = new WeakMap<AnyFunction, AnyFunction>();

function boundTo(members: Members, value: AnyFunction): AnyFunction {
  const bound = value.bind(members);
  originals.set(bound, value);
  return bound;
}

/** The function as the module has it, of one that {@link predictorFromExports} gave. */
export function originalOf(value: AnyFunction): AnyFunction {
  return originals.get(value) ?? value;
}

type Members = Readonly<Record<string, unknown>>;

function membersOf(
  exports: ModuleExports,
  context: ExportsContext,
): { members: Members; isDefault: boolean } {
  const whole = exports["default"];
  if (whole === undefined) return { members: exports, isDefault: false };
  if (typeof whole !== "object" || whole === null || Array.isArray(whole)) {
    throw wrong(context, "default", "what definePredictor({ ... }) gives", whole);
  }
  // A CommonJS module's members appear both ways, which is one and the same.
  const named = KNOWN.filter(
    (name) => exports[name] !== undefined && exports[name] !== (whole as Members)[name],
  );
  if (named.length > 0) {
    throw invalid(
      context,
      `exports a default predictor and ${named.join(", ")} by name; keep one of the two`,
    );
  }
  return { members: whole as Members, isDefault: true };
}

/** Own members, and a class's methods. */
function namesOf(members: Members): string[] {
  const prototype: unknown = Object.getPrototypeOf(members);
  const methods =
    typeof prototype !== "object" || prototype === null || prototype === Object.prototype
      ? []
      : Object.getOwnPropertyNames(prototype);
  return [...Object.keys(members), ...methods];
}

function checkValue(name: (typeof VALUES)[number], value: unknown, context: ExportsContext): unknown {
  switch (name) {
    case "inputs":
    case "outputs":
      return checkSpecs(value, `${context.file}: ${name}`);
    case "instance":
      if (isStandardSchema(value)) return value;
      throw wrong(context, name, "a schema of zod (3.24 or newer) or another Standard Schema", value);
    case "batching":
      return checkBatching(value, context);
    case "timeoutMs":
      if (typeof value === "number" && value > 0 && value <= LONGEST_TIMER_MS) return value;
      throw wrong(context, name, "a number of milliseconds above 0", value);
    case "concurrency":
      if (Number.isSafeInteger(value) && (value as number) > 0) return value;
      throw wrong(context, name, "an integer above 0", value);
    case "execution":
      if (value === "worker" || value === "inline") return value;
      throw wrong(context, name, '"worker" or "inline"', value);
  }
}

/** A copy of what is known: whatever else the object has may not cross to another thread. */
function checkBatching(value: unknown, context: ExportsContext): boolean | BatchingOptions {
  const problem = batchingProblem(value);
  if (problem !== undefined) {
    throw invalid(context, `exports ${problem.path} as ${problem.got}, expected ${problem.expected}`);
  }
  if (typeof value === "boolean") return value;
  const { maxBatchSize, maxDelayMs } = value as BatchingOptions;
  return {
    ...(maxBatchSize !== undefined && { maxBatchSize }),
    ...(maxDelayMs !== undefined && { maxDelayMs }),
  };
}

function isStandardSchema(value: unknown): boolean {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard = (value as { "~standard"?: { validate?: unknown } })["~standard"];
  return typeof standard?.validate === "function";
}

function requirePredict(predictor: Members, context: ExportsContext): void {
  if (predictor["predict"] !== undefined || context.hasRemote === true) return;
  if (predictor["load"] !== undefined) {
    throw invalid(
      context,
      "exports load but no predict, and no engine runs a model that load made",
      "Export predict(model, input, ctx) as well.",
    );
  }
  if (!context.hasModelFile) {
    throw invalid(
      context,
      `exports no predict, and there is no model file (${ENGINE_FILES.join(", ")}) in ${context.modelDir} for an engine to run`,
      "Export predict(model, input, ctx), or put a model.onnx there.",
    );
  }
}

function wrong(context: ExportsContext, name: string, expected: string, came: unknown): KtsError {
  return invalid(context, `exports ${name} as ${describeValue(came)}, expected ${expected}`);
}

function invalid(context: ExportsContext, message: string, hint?: string): KtsError {
  return new KtsError(
    "KTS_PREDICTOR_INVALID",
    `${context.file} ${message}`,
    hint === undefined ? {} : { hint },
  );
}
