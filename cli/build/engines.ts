import type { ImageEngine } from "../../builder/index.ts";
import { KtsError } from "../../contract/errors.ts";

/** What an engine is told beside the plan. */
export interface EngineOptions {
  /** Arguments of the build, such as HTTP_PROXY. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Build everything anew. */
  readonly noCache: boolean;
}

export type EngineName = ImageEngine["name"];

/** Every engine, loaded when it is chosen. */
const ENGINES: Readonly<Partial<Record<EngineName, (options: EngineOptions) => Promise<ImageEngine>>>> = {};

/** Loads an engine. @throws KtsError KTS_ENGINE_UNREACHABLE when this version has none of that name */
export async function loadEngine(name: EngineName, options: EngineOptions): Promise<ImageEngine> {
  const load = ENGINES[name];
  if (load !== undefined) return load(options);
  throw new KtsError("KTS_ENGINE_UNREACHABLE", `this version of kserve-ts has no engine ${name}`, {
    hint: "kserve-ts eject writes the Dockerfile and its context, for docker build to build.",
  });
}
