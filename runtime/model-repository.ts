import { KtsError } from "../contract/errors.ts";
import type { DataPlane } from "./data-plane.ts";

/** A model of the repository, as RepositoryIndex lists it. */
export interface RepositoryEntry {
  readonly name: string;
  /** Empty where it has none. */
  readonly version: string;
  readonly state: "READY" | "UNAVAILABLE";
  /** Why it is not ready. */
  readonly reason: string;
}

/** The models that could be served, and those that are. */
export interface ModelRepository {
  /** @param readyOnly leave out those that cannot answer */
  index(readyOnly: boolean): readonly RepositoryEntry[];
  /** @throws KtsError KTS_NOT_IMPLEMENTED where the models are those the server started with */
  load(name: string): Promise<void>;
  /** @throws KtsError KTS_MODEL_NOT_FOUND, KTS_NOT_IMPLEMENTED */
  unload(name: string): Promise<void>;
}

/** The repository of a server whose models are those it started with. */
export function fixedRepository(plane: DataPlane): ModelRepository {
  const refuse = async (name: string): Promise<void> => {
    plane.find(name, undefined);
    throw new KtsError(
      "KTS_NOT_IMPLEMENTED",
      "Models are neither loaded nor unloaded while the server runs.",
      {
        hint: "Start the server again with the other model.",
      },
    );
  };
  return {
    index(readyOnly) {
      return plane.models
        .filter((model) => model.ready || !readyOnly)
        .map(({ name, version, ready, notReadyReason }) => ({
          name,
          version: version ?? "",
          state: ready ? "READY" : "UNAVAILABLE",
          reason: notReadyReason ?? "",
        }));
    },
    load: refuse,
    unload: refuse,
  };
}
