import type { Predictor } from "../../contract/predictor.ts";
import type { LoadedEngine } from "../engines/engine.ts";
import { originalOf } from "../models/predictor-exports.ts";
import type { ModelSource } from "../models/source.ts";
import type { LogSink } from "./predictor-log.ts";

/** What came of loading a model. */
export interface LoadedModel {
  /** Undefined where `load` is the predictor's own, or there is no model. */
  readonly engine: LoadedEngine | undefined;
  /** What `predict` gets. */
  readonly model: unknown;
  /** Where what it was loaded with logs to: the predictor's that has it now. */
  readonly log: { current: LogSink };
  /** Whether `load` has used `ctx.metrics`, which are those of the code it was loaded for. */
  readonly hasMetrics: boolean;
  /** Milliseconds that it took. */
  readonly loadMs: number;
}

/** A model for as long as a predictor needs it. */
export interface HeldModel extends LoadedModel {
  /** Whether it was there already; undefined where that is not wanted. */
  readonly isKept: boolean | undefined;
  /** Gives it back: the last one that has it frees it. */
  release(free: () => Promise<void>): Promise<void>;
}

/** A model of this thread, which changed code of its predictor may go on with. */
interface KeptModel extends LoadedModel {
  readonly modelKey: string;
  readonly load: unknown;
  users: number;
}

/** By name and version: the one loaded last. */
const kept = new Map<string, KeptModel>();

/**
 * Loads a model; in a watched project that is done once for all changes of code that leave it as it is. A model stays
 * what it is as long as its files and settings do, and so does what loads it. Of an engine's model that is all. A
 * predictor's own `load` must be the very same function: it is, where neither the module that has it nor anything which
 * that imports has changed, as such a module is not run again. Whatever it refers to is the same by then, the classes and
 * the state of its module among them.
 */
export async function holdModel(
  source: ModelSource,
  predictor: Predictor,
  load: () => Promise<LoadedModel>,
): Promise<HeldModel> {
  const { modelKey } = source;
  if (modelKey === undefined) return { ...(await load()), isKept: undefined, release: (free) => free() };
  const place = placeOf(source);
  const there = findKept(source, predictor);
  const model = there ?? { ...(await load()), modelKey, load: loadOf(predictor), users: 0 };
  if (there === undefined) kept.set(place, model);
  model.users++;
  return {
    ...model,
    isKept: there !== undefined,
    async release(free) {
      if (--model.users > 0) return;
      if (kept.get(place) === model) kept.delete(place);
      await free();
    },
  };
}

/** Milliseconds that loading the model would take in this thread: 0 where it is kept; undefined where it is not known. */
export function expectedLoadMs(source: ModelSource, predictor: Predictor): number | undefined {
  return findKept(source, predictor) === undefined ? kept.get(placeOf(source))?.loadMs : 0;
}

function findKept(source: ModelSource, predictor: Predictor): KeptModel | undefined {
  const there = kept.get(placeOf(source));
  if (there === undefined || there.modelKey !== source.modelKey || there.hasMetrics) return undefined;
  return there.load === loadOf(predictor) && !usesThis(there.load) ? there : undefined;
}

function placeOf({ name, version = "" }: ModelSource): string {
  return `${name}/${version}`;
}

function loadOf({ load }: Predictor): unknown {
  return load === undefined ? undefined : originalOf(load);
}

/** The object that a function is called on may have changed around it. */
function usesThis(load: unknown): boolean {
  return typeof load === "function" && /\bthis\b/.test(Function.prototype.toString.call(load));
}
