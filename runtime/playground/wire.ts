/*
 * What the playground's server tells its page, as JSON. Types alone, since the page is made for another platform.
 */
import type { TensorSpec } from "../../contract/signature.ts";
import type { CodeState } from "../dev/code-state.ts";

/** Values counted by bucket: `counts` has one more than `bounds`, for what is above them all. */
export interface Buckets {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

/** One version of a model. */
export interface ModelView {
  readonly name: string;
  readonly version: string | undefined;
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reason: string | undefined;
  readonly platform: string;
  /** Empty while it is not loaded, or where it has no signature. */
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly explains: boolean;
  readonly queued: number;
  readonly running: number;
  readonly workers: number;
  readonly inFlight: number;
  /** Since the start: answers, and those of them with a status of 400 or more. */
  readonly requests: number;
  readonly failures: number;
  /** Instances of every run of the predictor. */
  readonly batches: Buckets;
}

/** A request that has its answer. */
export interface RequestView {
  /** Counts up by one. */
  readonly sequence: number;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Undefined where the path named none. */
  readonly model: string | undefined;
  readonly version: string | undefined;
  readonly protocol: string | undefined;
  readonly verb: string | undefined;
  readonly status: number;
  readonly totalMs: number;
  /** Milliseconds by stage, where the predictor answered. */
  readonly stages:
    | {
        readonly queue: number;
        readonly preProcess: number;
        readonly predict: number;
        readonly postProcess: number;
      }
    | undefined;
  readonly error: ErrorView | undefined;
}

/** A failure, with what its answer does not say: the developer may see all of it. */
export interface ErrorView {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** The field of the request that is wrong. */
  readonly path: string | undefined;
}

/** A line of the server's log, or several where it has a stack. */
export interface LogView {
  readonly sequence: number;
  readonly text: string;
}

/** What `/playground/state` answers. */
export interface StateView {
  readonly version: string;
  readonly state: string;
  /** Milliseconds since the server's process began. */
  readonly uptimeMs: number;
  /** Undefined where the project is not watched. */
  readonly code: CodeState | undefined;
  readonly models: readonly ModelView[];
  /** Those after the asked sequence, the oldest first. */
  readonly requests: readonly RequestView[];
  readonly log: readonly LogView[];
}

/** A request of the project's `examples` folder. */
export interface ExampleView {
  /** Its file, without `.json`. */
  readonly name: string;
  /** The model of a repository that it belongs to; undefined: any. */
  readonly model: string | undefined;
  /** The request's body. */
  readonly text: string;
}
