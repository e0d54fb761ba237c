import type { SecretConfig } from "../contract/deploy-config.ts";

const HIDDEN = "(hidden)";

/**
 * A text that no log, error, event or `JSON.stringify` shows: whoever needs it asks for it by name.
 */
export class SecretText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  /** What `console.log` and `util.inspect` show. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return HIDDEN;
  }
}

/** Keys and values of a credential, in lower case, as ZenML documents them. */
export type SecretValues = Readonly<Record<string, SecretText>>;

/** A `secret` setting with its values hidden; the name of a Secret stays as it is. */
export function hideValues(secret: SecretConfig): string | SecretValues {
  if (typeof secret === "string") return secret;
  const entries = Object.entries(secret);
  return Object.fromEntries(
    entries.map(([key, value]) => [key.toLowerCase(), new SecretText(String(value))]),
  );
}

/**
 * Values with the text of a file in place of each `@path`.
 * @param readText reads a file, relative to the config file
 */
export async function readSecretFiles(
  values: SecretValues,
  readText: (path: string) => Promise<string>,
): Promise<SecretValues> {
  const read = async (value: SecretText): Promise<SecretText> => {
    const text = value.reveal();
    return text.startsWith("@") ? new SecretText(await readText(text.slice(1))) : value;
  };
  const entries = Object.entries(values).map(async ([key, value]) => [key, await read(value)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
