import { EventEmitter } from "node:events";
import type { Readable } from "node:stream";
import { isKtsError } from "../../contract/errors.ts";
import type { WorkOptions } from "../engine.ts";
import { type Platform, platformName } from "../plan/build-plan.ts";
import { buildFailure } from "./build-failure.ts";
import { BuildProgress } from "./build-progress.ts";
import { type DockerClient, isAlive } from "./client.ts";
import { asEngineFailure, cancelled, engineGone, isEngineGone, messageOfEngine } from "./engine-error.ts";
import { type EngineMessage, errorOf, readMessages } from "./messages.ts";

/** How an engine is to build. */
export interface RunBuildOptions extends WorkOptions {
  readonly reference: string;
  readonly platform: Platform | undefined;
  /** `buildkit` is newer and needs the engine to have it. */
  readonly builder: "classic" | "buildkit";
  readonly noCache: boolean;
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** BuildKit's own messages, which dockerode can read. */
const BUILDKIT_TRACE = "moby.buildkit.trace";

/**
 * Sends a context and follows the build to its end.
 * @returns the id that the engine gave the image, where it told one
 * @throws KtsError KTS_BUILD_FAILED with the step and its last lines, KTS_ENGINE_UNREACHABLE, KTS_CANCELLED
 */
export async function runBuild(
  docker: DockerClient,
  context: Readable,
  options: RunBuildOptions,
): Promise<string | undefined> {
  const { signal, report } = options;
  const progress = new BuildProgress(report);
  const readBuildKit = buildKitReader(docker, progress);
  let answer: Readable | undefined;
  let id: string | undefined;
  try {
    answer = await sendContext(docker, context, options);
    for await (const message of readMessages(answer)) {
      const reason = errorOf(message);
      if (reason !== undefined) throw new Error(reason);
      if (message.id === BUILDKIT_TRACE) readBuildKit(message);
      else progress.take(message);
      id = imageId(message) ?? id;
    }
  } catch (error) {
    const failure = asBuildFailure(error, progress, signal);
    const isFailedBuild = isKtsError(failure) && failure.code === "KTS_BUILD_FAILED";
    // One that is stopped kills its containers first, which looks like steps that failed.
    throw isFailedBuild && !(await isAlive(docker)) ? engineGone(during(progress), failure) : failure;
  } finally {
    context.destroy();
    // dockerode closes BuildKit's session at the end of the answer only, and there is none where it was cut off.
    if (answer?.readableEnded === false) answer.emit("end");
    answer?.destroy();
  }
  return id;
}

async function sendContext(docker: DockerClient, tar: Readable, options: RunBuildOptions): Promise<Readable> {
  const { signal, reference, platform, builder, noCache, buildArgs } = options;
  signal.throwIfAborted();
  // A file of the context that cannot be read breaks the request off, which would then be all that is told.
  const broken = new Promise<never>((_resolve, reject) => tar.once("error", reject));
  const sent = docker.buildImage(tar, {
    t: reference,
    rm: true,
    forcerm: true,
    nocache: noCache,
    abortSignal: signal,
    ...(platform !== undefined && { platform: platformName(platform) }),
    ...(Object.keys(buildArgs).length > 0 && { buildargs: { ...buildArgs } }),
    ...(builder === "buildkit" && { version: "2" as const }),
  });
  return (await Promise.race([sent, broken])) as Readable;
}

function asBuildFailure(error: unknown, progress: BuildProgress, signal: AbortSignal): Error {
  if (signal.aborted) return cancelled("the build", signal);
  if (isKtsError(error)) return error;
  // An engine that is told to stop ends its builds so.
  if (isEngineGone(error)) return asEngineFailure(error, during(progress), signal);
  return buildFailure(progress.step, messageOfEngine(error), progress.lastLines, error);
}

function during({ step }: BuildProgress): string {
  return `during the step "${step}"`;
}

function imageId({ aux }: EngineMessage): string | undefined {
  const id = (aux as { ID?: unknown } | undefined)?.ID;
  return typeof id === "string" ? id : undefined;
}

/** Lets dockerode put BuildKit's messages into words. It reads a stream; this one is fed a message at a time. */
function buildKitReader(docker: DockerClient, progress: BuildProgress): (message: EngineMessage) => void {
  const source = new EventEmitter();
  let isFollowed = false;
  return (message) => {
    if (!isFollowed) {
      isFollowed = true;
      docker.followProgress(
        source as unknown as NodeJS.ReadableStream,
        () => undefined,
        ({ stream }) => {
          for (const line of (stream ?? "").split("\n")) if (line.trim() !== "") progress.takeBuildKit(line);
        },
      );
    }
    source.emit("data", `${JSON.stringify(message)}\n`);
  };
}
