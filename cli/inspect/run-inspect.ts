import { inspectLocal } from "../../builder/docker/inspect-local.ts";
import { inspectImage } from "../../builder/inspect.ts";
import { placeOf } from "../../builder/oci/image-source.ts";
import { RegistryClient } from "../../builder/registry/registry-client.ts";
import { KtsError } from "../../contract/errors.ts";
import { registryAccess } from "../build/registry-options.ts";
import type { InspectOptions } from "../commands/inspect.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";
import { factLines } from "./fact-lines.ts";

/**
 * Shows what an image says of itself: the Docker engine's, where it has it, else the registry's.
 * @throws KtsError as `inspectImage`, KTS_USAGE for a platform that is none
 */
export async function runInspect(
  image: string,
  options: InspectOptions,
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const client = new RegistryClient(await registryAccess(options, image, env));
  const { signal } = new AbortController();
  const platform = readPlatform(options.platform);
  const isName = (await placeOf(image)).kind === "registry";
  const local = isName && options.local ? await inspectLocal(image, { env, platform, signal }) : undefined;
  const facts = local ?? (await inspectImage(image, { client, signal, platform }));
  if (options.output === "json") terminal.print(JSON.stringify(facts));
  else for (const line of factLines(facts, (text) => terminal.style("bold", text))) terminal.print(line);
  return 0;
}

function readPlatform(text: string | undefined) {
  if (text === undefined) return undefined;
  const [, os, architecture, variant] = /^([a-z0-9]+)\/([a-z0-9]+)(?:\/([a-z0-9]+))?$/.exec(text) ?? [];
  if (os === undefined || architecture === undefined) {
    throw new KtsError(
      "KTS_USAGE",
      `--platform is ${JSON.stringify(text)}, expected linux/amd64 or the like`,
    );
  }
  return { os, architecture, ...(variant !== undefined && { variant }) };
}
