/**
 * The test rig: a Docker engine that has the base image, and two registries. Tests get it from the global setup;
 * `node test/integration/docker/rig.ts` starts it for a person, until Ctrl-C.
 */
import { BASE, ensureBase } from "./base-image.ts";
import { type Engine, dockerAt, findEngine } from "./engine.ts";
import { REGISTRY_USER, type Registry, startRegistry } from "./registry.ts";

/** What runs for the tests. */
export interface Rig {
  readonly engine: Engine;
  /** Asks nobody who they are. */
  readonly openRegistry: Registry;
  /** Asks for `REGISTRY_USER`. */
  readonly authRegistry: Registry;
  stop(): Promise<void>;
}

/** Starts the rig, or says why it cannot; then nothing is left running. */
export async function startRig(): Promise<Rig | { readonly reason: string }> {
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
  };
  try {
    const engine = await findEngine();
    if ("reason" in engine) return engine;
    started.push(engine);
    const problem = await ensureBase(dockerAt(engine.host));
    if (problem !== undefined) {
      await stop();
      return { reason: problem };
    }
    const openRegistry = await startRegistry("none");
    if (!("reason" in openRegistry)) started.push(openRegistry);
    const authRegistry = await startRegistry("basic");
    if (!("reason" in authRegistry)) started.push(authRegistry);
    if ("reason" in openRegistry || "reason" in authRegistry) {
      await stop();
      return "reason" in openRegistry ? openRegistry : { reason: "the second registry does not start" };
    }
    return { engine, openRegistry, authRegistry, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

if (import.meta.main) {
  const rig = await startRig();
  if ("reason" in rig) {
    console.error(`no rig: ${rig.reason}`);
    process.exit(1);
  }
  const { user, password } = REGISTRY_USER;
  console.log(
    `export DOCKER_HOST=${rig.engine.host}   # has ${BASE}; dockerd pid ${rig.engine.pid ?? "not ours"}`,
  );
  console.log(`export REGISTRY=${rig.openRegistry.address}`);
  console.log(`export AUTH_REGISTRY=${rig.authRegistry.address}   # user ${user}, password ${password}`);
  console.log("Ctrl-C ends it.");
  await new Promise((resolve) => process.once("SIGINT", resolve).once("SIGTERM", resolve));
  await rig.stop();
}
