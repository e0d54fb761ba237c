/** What has become of the last change of a watched project; the terminal and the playground show it. */
export interface CodeState {
  /**
   * - `live`: the last change serves.
   * - `changing`: a change is being bundled, or its model loaded; what was there before it serves.
   * - `broken`: the last change cannot serve; what was there before it does.
   */
  readonly status: "live" | "changing" | "broken";
  /** How many changes have gone live since the start, 0 at first. */
  readonly swaps: number;
  /** Why the last change is broken: the compiler's or the predictor's message, with file, line and column. */
  readonly problem?: string;
}

/** Tells of a watched project. */
export interface CodeWatch {
  /** The state now. */
  readonly state: CodeState;
  /** Calls `seen` with each new state until the function that it gives back is called. */
  onChange(seen: (state: CodeState) => void): () => void;
}
