import type { DeployConfig } from "../../contract/deploy-config.ts";
import { KtsError } from "../../contract/errors.ts";

type Parse = (value: unknown, source: string) => DeployConfig;
type Members = Record<string, unknown>;

/**
 * The settings of `--set path=value`, the last of two for one path wins.
 * @param parse checks a `deploy` section
 * @throws KtsError KTS_USAGE for what is no such pair, KTS_CONFIG_INVALID where the setting means nothing
 */
export function settingsOf(pairs: readonly string[], parse: Parse): DeployConfig {
  const all: Members = {};
  for (const pair of pairs) {
    const { path, text } = readPair(pair);
    put(all, path, valueOf(path, text, parse));
  }
  return parse(all, "--set");
}

/** JSON where the setting takes it so, else the text: a label of `1` is a text, and a port of `1` a number. */
function valueOf(path: readonly string[], text: string, parse: Parse): unknown {
  const json = asJson(text);
  const candidates = json === undefined ? [text] : [json, text];
  for (const value of candidates) {
    const alone: Members = {};
    put(alone, path, value);
    try {
      parse(alone, "--set");
      return value;
    } catch {
      // The whole is checked once more, and says what is wrong.
    }
  }
  return candidates[0];
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** `a.b`, `a["b.c"]` and `a[b.c]`; a text before the first `=`. */
function readPair(pair: string): { readonly path: readonly string[]; readonly text: string } {
  const [, path = "", text = ""] = /^((?:[^=[]|\[[^\]]*\])+)=(.*)$/s.exec(pair) ?? [];
  const parts = [...path.matchAll(/\[\s*["']?([^\]"']+)["']?\s*\]|([^.[\]]+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? "",
  );
  // No setting is called so, and an object's own prototype is nothing to set.
  if (parts.length > 0 && !parts.includes("__proto__"))
    return { path: parts[0] === "deploy" ? parts.slice(1) : parts, text };
  // What follows may be a secret.
  throw new KtsError("KTS_USAGE", `--set is ${JSON.stringify(pair.split("=", 1)[0])}, expected path=value`, {
    hint: "Such as --set scaleTarget=70, or --set 'labels[example.com/team]=ml'.",
  });
}

function put(into: Members, path: readonly string[], value: unknown): void {
  let at = into;
  for (const name of path.slice(0, -1)) {
    const inner = Object.hasOwn(at, name) ? at[name] : undefined;
    at[name] = typeof inner === "object" && inner !== null && !Array.isArray(inner) ? inner : {};
    at = at[name] as Members;
  }
  at[path.at(-1) as string] = value;
}
