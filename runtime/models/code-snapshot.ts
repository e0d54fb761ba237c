/**
 * A predictor's module and all that it imports by path, as they were at one moment: what a watched project serves
 * until the next change, whatever becomes of its files meanwhile. Plain data, which crosses to a worker.
 */
export interface CodeSnapshot {
  /** The URL of the predictor's module. */
  readonly entry: string;
  readonly modules: readonly SnapshotModule[];
  /** Another one whenever the text of any of the modules is. */
  readonly hash: string;
  /** The same of files that Node keeps once it has them (CommonJS), so that a change of them takes a new thread. */
  readonly keptHash: string;
}

/** One module of a snapshot. */
export interface SnapshotModule {
  /**
   * Its file's, marked by a number. As long as neither its text nor that of anything it imports changes the number
   * stays, and so a thread stays with the instance of it that it has.
   */
  readonly url: string;
  readonly format: "module" | "json";
  /** What is run: JavaScript, or JSON. */
  readonly source: string;
  /** The URLs of what it imports by path, by the text of the import. */
  readonly imports: Readonly<Record<string, string>>;
}
