import { KtsError } from "../../contract/errors.ts";
import { instruction } from "../dockerfile/render.ts";
import type { BuiltImage, WorkOptions } from "../engine.ts";
import type { DockerClient } from "./client.ts";
import { packContext } from "./context.ts";
import { asEngineFailure } from "./engine-error.ts";
import { inspectImage } from "./pull-base.ts";
import { runBuild } from "./run-build.ts";

/**
 * Adds labels to an image by a build that has nothing else in it. The name then means the labelled image, whose layers
 * are the same.
 */
export async function labelImage(
  docker: DockerClient,
  image: BuiltImage,
  labels: Readonly<Record<string, string>>,
  { signal }: WorkOptions,
): Promise<BuiltImage> {
  const dockerfile = [`FROM ${image.id}`, ...instruction("LABEL", labels), ""].join("\n");
  // It is no step of the user's build.
  const silent = { signal, report: () => undefined };
  try {
    const context = await packContext(
      { layers: [] },
      dockerfile,
      () => "",
      signal,
      () => undefined,
    );
    // BuildKit looks for the base of an id in a registry; the classic builder takes its own.
    const run = { reference: image.reference, builder: "classic", noCache: false, buildArgs: {} } as const;
    await runBuild(docker, context, { ...silent, ...run, platform: undefined });
    const labelled = await inspectImage(docker, image.reference);
    if (labelled === undefined) throw new KtsError("KTS_BUILD_FAILED", "the labelled image is not there");
    return { ...image, id: labelled.Id, labels: labelled.Config.Labels ?? {} };
  } catch (error) {
    throw asEngineFailure(error, "while it labelled the image", signal);
  }
}
