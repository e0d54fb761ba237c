import type { DockerEngine } from "../../builder/docker/index.ts";
import type { BuildPlan, PublishedImage, WorkOptions } from "../../builder/index.ts";
import { attachSbom } from "../../builder/registry/attach-sbom.ts";
import { RegistryClient } from "../../builder/registry/registry-client.ts";
import { messageOf } from "../../contract/errors.ts";
import type { BuildOptions } from "../commands/build.ts";
import type { BuildOutcome } from "./outcome.ts";
import { type Proven, prove } from "./prove.ts";
import type { RegistryAccess } from "./registry-options.ts";

/** What is built, and what becomes of it. */
export interface DockerBuild {
  readonly dir: string;
  readonly plan: BuildPlan;
  readonly reference: string;
  readonly options: Pick<BuildOptions, "model" | "proof" | "push">;
  readonly access: RegistryAccess;
}

/** Builds with Docker, has the image prove itself, and pushes it. */
export async function buildWithDocker(
  engine: DockerEngine,
  { dir, plan, reference, options, access }: DockerBuild,
  work: WorkOptions,
): Promise<BuildOutcome> {
  const built = await engine.build(plan, reference, work);
  // An image without its model cannot answer before a cluster mounts one.
  const isWhole = options.model !== "none" && options.proof;
  const proven: Proven = isWhole
    ? await prove(engine, built, dir, work)
    : { image: built, report: undefined };
  const { image, report: proof } = proven;
  const published = options.push ? await engine.publish(image, work) : undefined;
  const warnings = published === undefined ? [] : await attachTo(published, plan, access, work);
  return { images: [image], published, proof, layout: undefined, archive: undefined, warnings };
}

/** The image is pushed by then, and of use without its list. */
async function attachTo(
  { reference }: PublishedImage,
  { sbom }: BuildPlan,
  access: RegistryAccess,
  { signal }: WorkOptions,
): Promise<readonly string[]> {
  if (sbom === undefined) return [];
  try {
    await attachSbom(new RegistryClient(access), reference, sbom, signal);
    return [];
  } catch (error) {
    signal.throwIfAborted();
    return [`the list of its dependencies could not be attached to the image: ${messageOf(error)}`];
  }
}
