import type { Verb } from "./verb.ts";

/** The verbs of a command line, in the order of `--help`. Their declarations are loaded when they are asked for. */
export interface VerbTable {
  readonly names: readonly string[];
  /** Loads the declaration of a verb; undefined when there is none of that name. */
  find(name: string): Promise<Verb | undefined>;
  /** Loads the declarations of all verbs. */
  all(): Promise<readonly Verb[]>;
}

/** Makes a table of verbs by name. */
export function verbTable(verbs: Readonly<Record<string, () => Promise<Verb>>>): VerbTable {
  return {
    names: Object.keys(verbs),
    find: async (name) => (Object.hasOwn(verbs, name) ? verbs[name]?.() : undefined),
    all: () => Promise.all(Object.values(verbs).map((load) => load())),
  };
}
