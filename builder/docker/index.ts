import { KtsError } from "../../contract/errors.ts";
import { contextPath, renderDockerfile } from "../dockerfile/render.ts";
import type { BuiltImage, ImageEngine, PublishedImage, WorkOptions } from "../engine.ts";
import type { BuildPlan } from "../plan/build-plan.ts";
import type { CredentialsFor } from "../registry/credentials.ts";
import { dockerConfigCredentials } from "../registry/docker-config.ts";
import { describeBuilt, isUpToDate } from "./built-image.ts";
import { type EngineClient, connectEngine } from "./client.ts";
import { packContext } from "./context.ts";
import { asEngineFailure } from "./engine-error.ts";
import { labelImage } from "./label-image.ts";
import { ensureBase, inspectImage } from "./pull-base.ts";
import { pushImage } from "./push.ts";
import { runBuild } from "./run-build.ts";

/** How the docker engine works. */
export interface DockerEngineOptions {
  /** Names the engine (DOCKER_HOST, DOCKER_CONTEXT, ...) and Docker's configuration. Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Builder of the engine: the classic one, which every engine has, or BuildKit. Default `classic`. */
  readonly builder?: "classic" | "buildkit";
  /** Build every step anew. Default false. */
  readonly noCache?: boolean;
  /** Pull the base although it is there. Default false. */
  readonly pull?: boolean;
  /** Values of the Dockerfile's ARGs. Default none. */
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Finds the credentials of a registry. Default: those of Docker's configuration and its helpers. */
  readonly credentialsFor?: CredentialsFor;
  /** Writes the Dockerfile. Default: the plan's own; one that the user has changed goes here. */
  readonly dockerfile?: (plan: BuildPlan) => string;
}

/** The engine that builds with Docker. */
export interface DockerEngine extends ImageEngine {
  readonly name: "docker";
  /**
   * Adds labels to an image, which gets another id and keeps its name and its layers.
   * @throws KtsError KTS_BUILD_FAILED, KTS_ENGINE_UNREACHABLE, KTS_CANCELLED
   */
  label(
    image: BuiltImage,
    labels: Readonly<Record<string, string>>,
    options: WorkOptions,
  ): Promise<BuiltImage>;
  /** Connects, or gives the connection that is there: the proof runs containers with it. */
  connect(signal: AbortSignal): Promise<EngineClient>;
}

/** Builds with a Docker engine, through its API. It connects on first use. */
export function createDockerEngine(options: DockerEngineOptions = {}): DockerEngine {
  const { env = process.env, credentialsFor = dockerConfigCredentials(env) } = options;
  let client: Promise<EngineClient> | undefined;
  const connect = (signal: AbortSignal) => (client ??= connectEngine(env, signal));
  return {
    name: "docker",
    connect,
    build: async (plan, reference, work) =>
      buildImage(await connect(work.signal), plan, reference, options, credentialsFor, work),
    label: async (image, labels, work) =>
      labelImage((await connect(work.signal)).docker, image, labels, work),
    publish: async (image, work): Promise<PublishedImage> =>
      pushImage((await connect(work.signal)).docker, image, credentialsFor, work),
  };
}

async function buildImage(
  { docker }: EngineClient,
  plan: BuildPlan,
  reference: string,
  options: DockerEngineOptions,
  credentialsFor: CredentialsFor,
  work: WorkOptions,
): Promise<BuiltImage> {
  const {
    builder = "classic",
    noCache = false,
    pull = false,
    buildArgs = {},
    dockerfile = renderDockerfile,
  } = options;
  const { signal, report } = work;
  try {
    const base = await ensureBase(docker, plan.base, plan.platform, pull, credentialsFor, work);
    const present = noCache ? undefined : await inspectImage(docker, reference);
    if (present !== undefined && isUpToDate(present, base, plan)) {
      for (const { name } of plan.layers) report({ kind: "unchanged", step: name });
      return await describeBuilt(docker, reference, present, base, plan, true);
    }
    const what = "context";
    const context = await packContext(
      plan,
      dockerfile(plan),
      contextPath,
      signal,
      (doneBytes, totalBytes) => {
        report({ kind: "transfer", step: "prepare", what, doneBytes, totalBytes });
      },
    );
    const run = { ...work, reference, platform: plan.platform, builder, noCache, buildArgs };
    const id = await runBuild(docker, context, run);
    const built = await inspectImage(docker, reference);
    if (built === undefined || (id !== undefined && built.Id !== id)) {
      throw new KtsError("KTS_BUILD_FAILED", `the engine ended the build without an image ${reference}`, {
        hint: "Look at the engine's own log; its disk may be full.",
      });
    }
    return await describeBuilt(docker, reference, built, base, plan, false);
  } catch (error) {
    throw asEngineFailure(error, "while it built the image", signal);
  }
}
