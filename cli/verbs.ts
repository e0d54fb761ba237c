import type { Verb } from "./verb.ts";

/** Every verb, in the order of `--help`; a new one is a file in commands/ and a line here. */
const VERBS: Readonly<Record<string, () => Promise<Verb>>> = {
  serve: async () => (await import("./commands/serve.ts")).serve,
  predict: async () => (await import("./commands/predict.ts")).predict,
  inspect: async () => (await import("./commands/inspect.ts")).inspect,
};

/** The names of the verbs. */
export const VERB_NAMES: readonly string[] = Object.keys(VERBS);

/** Loads the declaration of a verb; undefined when there is none of that name. */
export async function findVerb(name: string): Promise<Verb | undefined> {
  return Object.hasOwn(VERBS, name) ? VERBS[name]?.() : undefined;
}

/** Loads the declarations of all verbs. */
export async function allVerbs(): Promise<readonly Verb[]> {
  return Promise.all(Object.values(VERBS).map((load) => load()));
}
