import type { HistoryEntry } from "../oci/spec.ts";
import type { DockerClient } from "./client.ts";

/** A step by which an image was made. */
export interface Step extends HistoryEntry {
  /** Of its layer, unpacked; 0 where it made none. */
  readonly bytes: number;
}

/** What `docker history` says of an image, from its base on. */
export async function stepsOf(docker: DockerClient, id: string): Promise<readonly Step[]> {
  const newestFirst = (await docker.getImage(id).history()) as { Size: number; CreatedBy: string }[];
  return newestFirst.toReversed().map(({ Size, CreatedBy }) => ({ bytes: Size, created_by: CreatedBy }));
}
