import { sourceDateEpoch } from "../../builder/plan/source-date.ts";
import type { DockerEngine } from "../../builder/docker/index.ts";
import type { OciEngine } from "../../builder/oci/index.ts";
import type { RegistryAccess } from "./registry-options.ts";

/** What the docker engine is told beside the plan. */
export interface DockerOptions {
  readonly access: RegistryAccess;
  /** Arguments of Docker's build, such as HTTP_PROXY. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Build everything anew. */
  readonly noCache: boolean;
}

/** The engine that builds with Docker, loaded when it is chosen. */
export async function loadDockerEngine({ access, ...options }: DockerOptions): Promise<DockerEngine> {
  const { createDockerEngine } = await import("../../builder/docker/index.ts");
  return createDockerEngine({ ...options, credentialsFor: access.credentialsFor });
}

/** The engine that needs no Docker, loaded when it is chosen. */
export async function loadOciEngine(access: RegistryAccess): Promise<OciEngine> {
  const { createOciEngine } = await import("../../builder/oci/index.ts");
  return createOciEngine({ ...access, epochSeconds: sourceDateEpoch() });
}
