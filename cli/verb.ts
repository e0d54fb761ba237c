import type { Terminal } from "./terminal/terminal.ts";

/**
 * One option of a verb. The kinds there are (`text`, `integer`, `choice`, `toggle`, `texts`) are made in
 * `option-kinds.ts`. Its flag is `--` and the name; `-` and `_` within the name mean the same.
 */
export interface Option<Value = unknown> {
  /** The name as help and documentation spell it, without dashes in front: `http_port`, `host-header`. */
  readonly flag: string;
  /** One letter that stands for it: `o` for `-o`. */
  readonly short?: string;
  /** What the value looks like, for help: `<integer>`. Undefined: a toggle, which may stand alone. */
  readonly placeholder: string | undefined;
  /** The value where neither a flag nor the environment gives one. */
  readonly default: Value;
  /** Environment variables that set it, the first that is set wins. */
  readonly env: readonly string[];
  /** The words that it takes, where it takes no others; for completion. */
  readonly words?: readonly string[];
  /** Whether it may be given several times and keeps every value; any other keeps the last. */
  readonly repeatable: boolean;
  /** One or two sentences for help: meaning, unit, how to choose. */
  readonly doc: string;
  /**
   * The value of a text.
   * @param source how the text came, for the message: `--workers` or `KSERVE_TS_WORKERS`
   * @param earlier the value of the flags before this one
   * @throws KtsError KTS_USAGE when the text is no value of the option
   */
  parse(text: string, source: string, earlier: Value | undefined): Value;
}

/** Options by the key that `run` finds their values under. */
export type Options = Readonly<Record<string, Option>>;

/** A word of the command line that is no option. */
export interface Argument {
  /** One sentence for help. */
  readonly doc: string;
  /** What stands where it is left out. Undefined: it must be given. */
  readonly default?: string;
  /** The words that it may be, where it may be no others; for completion. */
  readonly words?: readonly string[];
}

/** Arguments by name, in their order. */
export type Arguments = Readonly<Record<string, Argument>>;

/** The values of a verb's options. */
export type ValuesOf<O extends Options> = { readonly [Key in keyof O]: ReturnType<O[Key]["parse"]> };

/** A command to learn from. Help shows it, and a test runs it from the repository's root. */
export interface Example {
  /** What it does, in a few words. */
  readonly says: string;
  /** As one would type it; it starts with `kserve-ts`. */
  readonly command: string;
}

/** What a verb is called with. */
export interface VerbCall<O extends Options = Options, A extends Arguments = Arguments> {
  readonly arguments: { readonly [Key in keyof A]: string };
  readonly options: ValuesOf<O>;
  /** Keys of the options that a flag or the environment has set. */
  readonly given: ReadonlySet<keyof O>;
  /** The verb's `ignoredFlags` that were given, as they were written: `--grpc_port 8081`. */
  readonly ignored: readonly string[];
  readonly env: Environment;
  readonly terminal: Terminal;
  /** Whether more is to be said than was asked for: `--verbose`. */
  readonly isVerbose: boolean;
}

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * One verb of the command line: `kserve-ts <name>`. Parsing, help and the reference in docs/04-cli.md are made from
 * this declaration. It is loaded to show help as well, so it stays light: what `run` needs is imported there.
 */
export interface Verb<O extends Options = Options, A extends Arguments = Arguments> {
  readonly name: string;
  /** What it does in a line, without a full stop. */
  readonly summary: string;
  /** Paragraphs for the verb's own help. */
  readonly description: readonly string[];
  readonly arguments: A;
  readonly options: O;
  /** The option that a stray argument was most likely meant for: `input`. */
  readonly strayOption?: string;
  readonly examples: readonly Example[];
  /** Flags that are accepted, with or without a value, and have no effect. */
  readonly ignoredFlags?: readonly string[];
  /**
   * Whether it serves until a signal comes, as the process of a container: the reason of its failure goes into the
   * termination log as well, and it deals itself with exceptions that nobody caught.
   */
  readonly isServer?: boolean;
  /** What the environment sets, where that is decided elsewhere than by the options' `env`. */
  fromEnvironment?(env: Environment): Partial<ValuesOf<O>>;
  /**
   * Does it, and gives the exit code.
   * @throws KtsError whatever went wrong; its exit code ends the process
   */
  run(call: VerbCall<O, A>): Promise<number>;
}

/** Declares a verb: `run` gets the values by the types of its options. */
export function defineVerb<const O extends Options, const A extends Arguments>(verb: Verb<O, A>): Verb<O, A> {
  return verb;
}
