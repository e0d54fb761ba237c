import { MEDIA_TYPES } from "../oci/spec.ts";
import { parseReference } from "./reference.ts";
import { attach } from "./referrers.ts";
import type { RegistryClient } from "./registry-client.ts";

/**
 * Attaches the list of an image's dependencies to it, where somebody else has pushed the image: Docker sends none.
 * @param pinned the image's name with its digest
 * @returns bytes sent; what is there already is not sent again
 * @throws KtsError KTS_PUSH_FAILED, KTS_REGISTRY_DENIED, KTS_REGISTRY_UNREACHABLE, KTS_IMAGE_NOT_FOUND
 */
export async function attachSbom(
  client: RegistryClient,
  pinned: string,
  sbom: Uint8Array,
  signal: AbortSignal,
): Promise<number> {
  const reference = parseReference(pinned);
  const subject = await client.resolve(reference, signal);
  const artifact = { type: MEDIA_TYPES.cyclonedx, bytes: sbom };
  return (await attach(client, reference, subject, artifact, signal)).sentBytes;
}
