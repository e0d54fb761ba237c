import { type ImageEngine, renderDockerfile } from "../../builder/index.ts";

/** What an engine is told beside the plan. */
export interface EngineOptions {
  /** Arguments of Docker's build, such as HTTP_PROXY. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Build everything anew. */
  readonly noCache: boolean;
}

export type EngineName = ImageEngine["name"];

/** Every engine, loaded when it is chosen. */
const ENGINES: Readonly<Record<EngineName, (options: EngineOptions) => Promise<ImageEngine>>> = {
  docker: async (options) => {
    const { createDockerEngine } = await import("../../builder/docker/index.ts");
    return createDockerEngine({ ...options, dockerfile: renderDockerfile });
  },
  oci: async () => {
    const { createOciEngine } = await import("../../builder/oci/index.ts");
    const epoch = process.env["SOURCE_DATE_EPOCH"] ?? "";
    return createOciEngine({ epochSeconds: /^\d{1,11}$/.test(epoch) ? Number(epoch) : undefined });
  },
};

/** Loads an engine. */
export function loadEngine(name: EngineName, options: EngineOptions): Promise<ImageEngine> {
  return ENGINES[name](options);
}
