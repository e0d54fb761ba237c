import { KtsError } from "../../contract/errors.ts";
import type { BuildOptions } from "../commands/build.ts";
import { REGISTRY_OPTIONS } from "../build/registry-flags.ts";
import { choice, text, toggle } from "../option-kinds.ts";
import { optionValues } from "../parse.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment, ValuesOf } from "../verb.ts";

/** The options of verbs that may build first. */
export const BUILD_FLAGS = {
  build: toggle({
    flag: "build",
    doc: "Build the folder's image and push it first, as kserve-ts build --push does.",
  }),
  tag: text({
    flag: "tag",
    short: "t",
    placeholder: "<image>",
    default: undefined,
    doc: "What to call the image that is built. Default: the config's image, else what it was called last.",
  }),
  base: text({
    flag: "base",
    placeholder: "<image>",
    default: undefined,
    doc: "The image to build on, with --build. Default: that of kserve-ts build.",
  }),
  engine: choice({
    flag: "engine",
    of: ["docker", "oci"],
    default: "docker",
    doc: "What builds: Docker, or no daemon at all (oci).",
  }),
  ...REGISTRY_OPTIONS,
} as const;

/** What those options say. */
export type BuildWords = ValuesOf<typeof BUILD_FLAGS>;

/** What is built. */
export interface FolderBuild {
  readonly dir: string;
  readonly reference: string;
  readonly push: boolean;
  readonly words: BuildWords;
  readonly env: Environment;
}

/**
 * Builds a folder's image, and pushes it: `kserve-ts build`, whose words go to stderr, as stdout is the deployment's.
 * @throws KtsError as `runBuild`; KTS_CANCELLED when a signal ended it
 */
export async function buildFolder(
  { dir, reference, push, words, env }: FolderBuild,
  terminal: Terminal,
): Promise<void> {
  const [{ build }, { runBuild }] = await Promise.all([
    import("../commands/build.ts"),
    import("../build/run-build.ts"),
  ]);
  const { base, engine, registryUser, passwordStdin, insecureRegistry } = words;
  const registry = { registryUser, passwordStdin, insecureRegistry };
  const chosen = { tag: reference, push, engine, ...registry, ...(base !== undefined && { base }) };
  const { values, given } = optionValues(build, chosen, {});
  const quiet: Terminal = { ...terminal, print: terminal.complain };
  const options = values as BuildOptions;
  const exitCode = await runBuild({ dir, options, given, env }, quiet);
  if (exitCode !== 0) throw new KtsError("KTS_CANCELLED", "the build was cancelled");
}
