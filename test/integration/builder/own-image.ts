import { createDockerEngine } from "../../../builder/docker/index.ts";
import { dockerAt } from "../docker/engine.ts";
import { recordedWork, smallPlan } from "./small-plan.ts";

/** An image of one test file, and what a command line needs to use it. */
export interface OwnImage {
  readonly name: string;
  /** Names the engine to a command line. */
  readonly env: { readonly DOCKER_HOST: string };
  /** Builds it anew around a server's code. */
  build(code: string): Promise<unknown>;
  /** How many containers there are of it, those that ended too. */
  containers(): Promise<number>;
  remove(): Promise<unknown>;
}

/** @param use what the image is for, in its name */
export function ownImage(use: string, dockerHost: string): OwnImage {
  const name = `kserve-ts-test/${use}:${process.pid}`;
  const docker = dockerAt(dockerHost);
  const env = { DOCKER_HOST: dockerHost };
  return {
    name,
    env,
    build: (code) =>
      createDockerEngine({ env: { ...process.env, ...env } }).build(
        smallPlan({ predictor: { "/app/predictor.js": code } }),
        name,
        recordedWork(),
      ),
    containers: async () =>
      (await docker.listContainers({ all: true, filters: { ancestor: [name] } })).length,
    remove: () => docker.getImage(name).remove({ force: true }),
  };
}
