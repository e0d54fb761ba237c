/** What a watched project tells, for a line on the terminal. */
export type WatchEvent =
  /** A change serves. */
  | {
      readonly kind: "live";
      readonly model: string;
      /** The files that changed, as seen from the project's folder. */
      readonly files: readonly string[];
      /** Milliseconds from the change until it served. */
      readonly ms: number;
      /** Whether the loaded model stayed; undefined where there is none. */
      readonly isModelKept: boolean | undefined;
    }
  /** Files changed, but nothing that serves did. */
  | { readonly kind: "same"; readonly files: readonly string[] }
  /** A change cannot serve; what was there before it does. */
  | {
      readonly kind: "broken";
      readonly model: string;
      readonly files: readonly string[];
      readonly problem: string;
    }
  /** Something else that is worth knowing. */
  | { readonly kind: "notice"; readonly text: string };
