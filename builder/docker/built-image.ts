import type { ImageInspectInfo } from "dockerode";
import type { BuiltImage, BuiltLayer } from "../engine.ts";
import type { BuildPlan, LayerName, Platform } from "../plan/build-plan.ts";
import type { DockerClient } from "./client.ts";

/** The label by which an image is known to be what a plan would give. */
export const PLAN_HASH_LABEL = "io.kserve-ts.plan-hash";

/** One line of `docker history`. */
interface HistoryEntry {
  readonly Size: number;
  readonly CreatedBy: string;
}

/**
 * What the engine says of an image that was built from a plan.
 * @param unchanged it was there already
 */
export async function describeBuilt(
  docker: DockerClient,
  reference: string,
  info: ImageInspectInfo,
  base: ImageInspectInfo,
  plan: Pick<BuildPlan, "layers">,
  unchanged: boolean,
): Promise<BuiltImage> {
  return {
    reference,
    id: info.Id,
    platform: { os: "linux", architecture: info.Architecture as Platform["architecture"] },
    layers: await layersOf(docker, info, base, plan),
    labels: info.Config.Labels ?? {},
    unchanged,
  };
}

/** The layers with bytes in them, from the bottom: those that the base has, then ours in their order. */
async function layersOf(
  docker: DockerClient,
  info: ImageInspectInfo,
  base: ImageInspectInfo,
  { layers }: Pick<BuildPlan, "layers">,
): Promise<readonly BuiltLayer[]> {
  const history = async (id: string) => {
    return ((await docker.getImage(id).history()) as HistoryEntry[]).toReversed();
  };
  const [all, below] = await Promise.all([history(info.Id), history(base.Id)]);
  const names: readonly LayerName[] = layers.map(({ name }) => name);
  const above = all.slice(below.length).filter(({ CreatedBy }) => /\b(?:COPY|ADD)\b/.test(CreatedBy));
  return [
    ...below.filter(({ Size }) => Size > 0).map(({ Size }) => ({ name: undefined, bytes: Size })),
    ...above.map(({ Size }, index) => ({ name: names[index], bytes: Size })),
  ];
}

/** Whether an image is what a plan gives, on the base as it is now. */
export function isUpToDate(info: ImageInspectInfo, base: ImageInspectInfo, plan: BuildPlan): boolean {
  const labels = info.Config.Labels ?? {};
  if (labels[PLAN_HASH_LABEL] !== plan.hash || info.Architecture !== plan.platform.architecture) return false;
  // The base's tag may have been pulled anew since.
  return base.RootFS.Layers?.every((layer, index) => info.RootFS.Layers?.[index] === layer) === true;
}
