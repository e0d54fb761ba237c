import type { DockerEngine } from "../../builder/docker/index.ts";
import { renderDockerfile } from "../../builder/index.ts";
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
  const { credentialsFor } = access;
  return createDockerEngine({ ...options, credentialsFor, dockerfile: renderDockerfile });
}

/** The engine that needs no Docker, loaded when it is chosen. */
export async function loadOciEngine(access: RegistryAccess): Promise<OciEngine> {
  const { createOciEngine } = await import("../../builder/oci/index.ts");
  const epoch = process.env["SOURCE_DATE_EPOCH"] ?? "";
  return createOciEngine({ ...access, epochSeconds: /^\d{1,11}$/.test(epoch) ? Number(epoch) : undefined });
}
