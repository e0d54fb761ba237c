import { KtsError } from "../../contract/errors.ts";
import { LABELS } from "../plan/labels.ts";
import type { DockerClient } from "./client.ts";

/**
 * The name of the image that was built last, by the label that every build of ours sets.
 * @throws KtsError KTS_IMAGE_NOT_FOUND when the engine has none
 */
export async function lastBuilt(docker: DockerClient): Promise<string> {
  const images = await docker.listImages({ filters: { label: [LABELS.planHash], dangling: ["false"] } });
  const [newest] = images.toSorted((a, b) => b.Created - a.Created);
  const name = newest?.RepoTags?.[0];
  if (name !== undefined) return name;
  throw new KtsError("KTS_IMAGE_NOT_FOUND", "the engine has no image that kserve-ts has built", {
    hint: "Name one, or build one: kserve-ts build --tag NAME.",
  });
}
