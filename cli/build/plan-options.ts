import type { Platform } from "../../builder/index.ts";
import { KtsError } from "../../contract/errors.ts";
import { text, texts } from "../option-kinds.ts";
import type { ValuesOf } from "../verb.ts";

/** The options of the verbs that plan an image. */
export const PLAN_OPTIONS = {
  model: text({
    flag: "model",
    short: "m",
    placeholder: "<path|none>",
    default: undefined,
    doc: "The model's folder or file. none leaves it out, for a cluster to mount at /mnt/models. Default: what serve finds in the project.",
  }),
  name: text({
    flag: "name",
    placeholder: "<name>",
    default: undefined,
    doc: "The model's name in the URLs, where a cluster gives no other. Default: as serve names it.",
  }),
  base: text({
    flag: "base",
    placeholder: "<image>",
    default: "node:24-bookworm-slim",
    doc: "The image to build on. It needs Node 24 in its PATH, and glibc. One that has this version of kserve-ts gets no second server.",
  }),
  label: texts({
    flag: "label",
    placeholder: "<name=value>",
    doc: "A label of the image, beside or in place of ours.",
  }),
  include: texts({
    flag: "include",
    placeholder: "<pattern>",
    doc: "Files of the project that the predictor reads, such as labels.json or data/*.txt; they lie beside it in /app.",
  }),
  external: texts({
    flag: "external",
    placeholder: "<package>",
    doc: "A package to leave out of the predictor's bundle, and to install in the image. Packages with native code always are.",
  }),
  allowLarge: texts({
    flag: "allow-large",
    placeholder: "<file>",
    doc: "A file over 100 MB that belongs into the image, though it does not look like a part of the model.",
  }),
} as const;

/** What images are built for. */
export const PLATFORM_NAMES = ["linux/amd64", "linux/arm64"] as const;
export type PlatformName = (typeof PLATFORM_NAMES)[number];

/** The platforms of names. */
export function platformsOf(names: readonly PlatformName[]): Platform[] {
  return names.map((name) => ({ os: "linux", architecture: name === "linux/arm64" ? "arm64" : "amd64" }));
}

export type PlanVerbOptions = ValuesOf<typeof PLAN_OPTIONS>;

/**
 * `name=value` pairs as an object.
 * @throws KtsError KTS_USAGE for what is no pair
 */
export function pairsOf(pairs: readonly string[], flag: string): Record<string, string> {
  const entries = pairs.map((pair) => {
    const at = pair.indexOf("=");
    if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)] as const;
    throw new KtsError("KTS_USAGE", `${flag} is ${JSON.stringify(pair)}, expected name=value`);
  });
  return Object.fromEntries(entries);
}
