/** How often something was done, and how long that took in all. */
export interface Duration {
  readonly count: number;
  /** Nanoseconds, summed up. */
  readonly ns: number;
}

/** What a server has counted of a model since it was loaded. */
export interface ModelStatistics {
  readonly name: string;
  /** Undefined where the model has none. */
  readonly version: string | undefined;
  /** When the last inference was, in milliseconds since 1970; 0 for never. */
  readonly lastInferenceMs: number;
  /** Inferences: one for each element of a batch. */
  readonly inferenceCount: number;
  /** Times that the model ran. */
  readonly executionCount: number;
  /** Requests that were answered, from their arrival to their answer. */
  readonly success: Duration;
  /** Requests that failed. */
  readonly fail: Duration;
  /** Waiting for the model to be free. */
  readonly queue: Duration;
  readonly computeInput: Duration;
  readonly computeInfer: Duration;
  readonly computeOutput: Duration;
}
