import type { TestProject } from "vitest/node";
import { type Rig, startRig } from "./rig.ts";

/** The rig as the test files get it by `inject("rig")`: plain data. */
export interface RigFacts {
  /** As DOCKER_HOST has it. */
  readonly dockerHost: string;
  /** Whether it is started for this run alone, by root: tests may then start another that they kill. */
  readonly isOwnEngine: boolean;
  readonly publishesPorts: boolean;
  /** `127.0.0.1:40123`, asks nobody who they are. */
  readonly openRegistry: string;
  /** Asks for `REGISTRY_USER`. */
  readonly authRegistry: string;
}

declare module "vitest" {
  interface ProvidedContext {
    /** Undefined: no engine can be had here. */
    rig: RigFacts | undefined;
  }
}

/** Starts the rig once for all test files. Where it cannot be had, its tests are skipped and the last lines say why. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started = await startRig();
  if ("reason" in started) {
    project.provide("rig", undefined);
    return async () => console.log(`\nLeft out: the tests that need a Docker engine. ${started.reason}.`);
  }
  project.provide("rig", factsOf(started));
  // Vitest ends at once by a signal, and tears nothing down.
  const cancel = (_signal: NodeJS.Signals, number: number) => {
    void started.stop().finally(() => process.exit(128 + number));
  };
  process.once("SIGINT", cancel).once("SIGTERM", cancel);
  return () => {
    process.off("SIGINT", cancel).off("SIGTERM", cancel);
    return started.stop();
  };
}

function factsOf({ engine, openRegistry, authRegistry }: Rig): RigFacts {
  return {
    dockerHost: engine.host,
    isOwnEngine: engine.isOwn,
    publishesPorts: engine.publishesPorts,
    openRegistry: openRegistry.address,
    authRegistry: authRegistry.address,
  };
}
