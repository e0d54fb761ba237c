import { dockerConfigCredentials } from "../../builder/registry/docker-config.ts";
import { parseReference, pinnedReference } from "../../builder/registry/reference.ts";
import { RegistryClient } from "../../builder/registry/registry-client.ts";
import { messageOf } from "../../contract/errors.ts";
import type { Environment } from "../verb.ts";

/** An image as the manifest names it. */
export interface PinnedImage {
  readonly image: string;
  /** Why its tag stays, where it does. */
  readonly warning?: string;
}

/** A registry that does not answer in this time is not waited for. */
const MOST_MS = 5000;

/**
 * An image by its digest, as its registry has it now: what runs is then the same on every node, and a tag that moves on
 * rolls nothing out by itself. Where the registry cannot be asked the name stays, and the cluster finds out.
 * @param insecure registries without TLS
 * @throws KtsError KTS_USAGE when it is no image's name; KTS_IMAGE_NOT_FOUND when the registry has no such image
 */
export async function pinImage(
  name: string,
  env: Environment,
  insecure: readonly string[],
  signal: AbortSignal,
): Promise<PinnedImage> {
  const reference = parseReference(name);
  if (reference.digest !== undefined) return { image: name };
  if (isLocalName(name)) {
    return {
      image: name,
      warning: `${name} is in no registry: every node that runs it must have it already.`,
    };
  }
  const client = new RegistryClient({ credentialsFor: dockerConfigCredentials(env), insecure, tries: 3 });
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(MOST_MS)]);
    const { digest } = await client.resolve(reference, limit);
    return { image: pinnedReference(reference, digest) };
  } catch (error) {
    signal.throwIfAborted();
    if ((error as { code?: unknown }).code === "KTS_IMAGE_NOT_FOUND") throw error;
    return { image: name, warning: `${name} is deployed by its tag, not its digest: ${messageOf(error)}.` };
  }
}

/** Whether an image's name says that only this machine, or a node, has it: `localhost/echo:1`. */
export function isLocalName(name: string): boolean {
  return name.startsWith("localhost/");
}
