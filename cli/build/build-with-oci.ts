import {
  type BuildEvent,
  type BuildPlan,
  type BuiltImage,
  type PublishedImage,
  type WorkOptions,
  platformName,
} from "../../builder/index.ts";
import type { OciEngine } from "../../builder/oci/index.ts";
import type { BuildOptions } from "../commands/build.ts";
import type { BuildOutcome } from "./outcome.ts";

/** Lays an image for each plan, and takes them where the options say. */
export async function buildWithOci(
  engine: OciEngine,
  plans: readonly BuildPlan[],
  reference: string,
  { push, layout, archive }: Pick<BuildOptions, "push" | "layout" | "archive">,
  work: WorkOptions,
): Promise<BuildOutcome> {
  const images: BuiltImage[] = [];
  for (const plan of plans) {
    images.push(await engine.build(plan, reference, plans.length === 1 ? work : ofPlatform(plan, work)));
  }
  if (layout !== undefined) for (const image of images) await engine.writeLayout(image, layout, work);
  if (archive !== undefined) for (const image of images) await engine.writeArchive(image, archive, work);
  const published = push ? await publish(engine, images, reference, work) : undefined;
  return { images, published, proof: undefined, layout, archive, warnings: [] };
}

function publish(
  engine: OciEngine,
  images: readonly BuiltImage[],
  reference: string,
  work: WorkOptions,
): Promise<PublishedImage> {
  const [image] = images;
  return images.length === 1 && image !== undefined
    ? engine.publish(image, work)
    : engine.publishIndex(images, reference, work);
}

/** Says with every step which of several platforms it is for. */
function ofPlatform({ platform }: BuildPlan, { signal, report }: WorkOptions): WorkOptions {
  const name = platformName(platform);
  return {
    signal,
    report: (event: BuildEvent) => report({ ...event, step: `${event.step} (${name})` }),
  };
}
