import type { ImageInspectInfo } from "dockerode";
import type { BuiltImage, BuiltLayer } from "../engine.ts";
import type { BuildPlan, LayerName, Platform } from "../plan/build-plan.ts";
import { isCopy } from "../layer-names.ts";
import { LABELS } from "../plan/labels.ts";
import type { DockerClient } from "./client.ts";
import { stepsOf } from "./history.ts";

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
  const [all, below] = await Promise.all([stepsOf(docker, info.Id), stepsOf(docker, base.Id)]);
  const names: readonly LayerName[] = layers.map(({ name }) => name);
  const above = all.slice(below.length).filter(isCopy);
  return [
    ...below.filter(({ bytes }) => bytes > 0).map(({ bytes }) => ({ name: undefined, bytes })),
    ...above.map(({ bytes }, index) => ({ name: names[index], bytes })),
  ];
}

/** Whether an image is what a plan gives, on the base as it is now. */
export function isUpToDate(info: ImageInspectInfo, base: ImageInspectInfo, plan: BuildPlan): boolean {
  const labels = info.Config.Labels ?? {};
  if (labels[LABELS.planHash] !== plan.hash || info.Architecture !== plan.platform.architecture) return false;
  // The base's tag may have been pulled anew since.
  return base.RootFS.Layers?.every((layer, index) => info.RootFS.Layers?.[index] === layer) === true;
}
