import type { DockerEngine } from "../../builder/docker/index.ts";
import { inspectImage, isFor } from "../../builder/docker/pull-base.ts";
import { DEFAULT_BASE, LABELS, type Platform } from "../../builder/index.ts";
import { openImage } from "../../builder/oci/image-source.ts";
import { RegistryClient } from "../../builder/registry/registry-client.ts";
import { productVersion } from "../../runtime/product-version.ts";
import type { RegistryAccess } from "./registry-options.ts";

/** Where a base's labels are looked for. */
export interface BaseSearch {
  /** Asked first; undefined where Docker does not build. */
  readonly docker: DockerEngine | undefined;
  readonly access: RegistryAccess;
  readonly signal: AbortSignal;
}

/**
 * Whether a base has this version's server already, as its labels say. A base that cannot be looked at is taken to
 * have none: what is wrong with it, the build tells.
 */
export async function baseHasServer(base: string, platform: Platform, search: BaseSearch): Promise<boolean> {
  if (base === DEFAULT_BASE) return false;
  const labels = (await engineLabels(base, platform, search)) ?? (await imageLabels(base, platform, search));
  return labels?.[LABELS.serverVersion] === productVersion();
}

type Labels = Readonly<Record<string, string>>;

async function engineLabels(
  base: string,
  platform: Platform,
  { docker: engine, signal }: BaseSearch,
): Promise<Labels | undefined> {
  if (engine === undefined) return undefined;
  try {
    const { docker } = await engine.connect(signal);
    const image = await inspectImage(docker, base);
    return image !== undefined && isFor(image, platform) ? (image.Config.Labels ?? {}) : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

async function imageLabels(
  base: string,
  platform: Platform,
  { access, signal }: BaseSearch,
): Promise<Labels | undefined> {
  try {
    const { config } = await openImage(base, {
      client: new RegistryClient({ ...access, tries: 1 }),
      signal,
      platform,
    });
    return config.config?.Labels ?? {};
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
