import type { ImageInspectInfo } from "dockerode";
import type { Readable } from "node:stream";
import { isKtsError } from "../../contract/errors.ts";
import type { WorkOptions } from "../engine.ts";
import { type Platform, platformName } from "../plan/build-plan.ts";
import type { CredentialsFor } from "../registry/credentials.ts";
import { engineAuth } from "./auth.ts";
import type { DockerClient } from "./client.ts";
import { asEngineFailure, cancelled, isEngineGone, messageOfEngine, statusOf } from "./engine-error.ts";
import { errorOf, readMessages } from "./messages.ts";
import { registryFailure } from "./registry-failure.ts";

/** The step by which a pull is reported. */
const STEP = "base";

/** An image as the engine knows it; undefined when it has none of that name. */
export async function inspectImage(
  docker: DockerClient,
  name: string,
): Promise<ImageInspectInfo | undefined> {
  try {
    return await docker.getImage(name).inspect();
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** Whether an image is for a platform. */
export function isFor(image: Pick<ImageInspectInfo, "Os" | "Architecture">, platform: Platform): boolean {
  return image.Os === platform.os && image.Architecture === platform.architecture;
}

/**
 * Sees that the engine has the base image for a platform: pulled where it is not there.
 * @param always pull it although it is there: its tag may have moved
 * @throws KtsError KTS_IMAGE_NOT_FOUND, KTS_REGISTRY_DENIED, KTS_REGISTRY_UNREACHABLE, KTS_ENGINE_UNREACHABLE,
 * KTS_CANCELLED
 */
export async function ensureBase(
  docker: DockerClient,
  base: string,
  platform: Platform,
  always: boolean,
  credentialsFor: CredentialsFor,
  { signal, report }: WorkOptions,
): Promise<ImageInspectInfo> {
  try {
    const present = await inspectImage(docker, base);
    if (present !== undefined && isFor(present, platform) && !always) return present;
    report({ kind: "step", step: STEP, index: 0, count: 0 });
    const authconfig = await engineAuth(base, credentialsFor, signal);
    const stream = (await docker.pull(base, {
      platform: platformName(platform),
      abortSignal: signal,
      ...(authconfig !== undefined && { authconfig }),
    })) as Readable;
    for await (const message of readMessages(stream)) {
      const reason = errorOf(message);
      if (reason !== undefined) throw registryFailure("pull", base, reason);
      const { id, status, progressDetail } = message;
      if (id === undefined || progressDetail?.current === undefined) continue;
      const { current: doneBytes, total: totalBytes } = progressDetail;
      report({ kind: "transfer", step: STEP, what: `${status ?? ""} ${id}`.trim(), doneBytes, totalBytes });
    }
    const pulled = await inspectImage(docker, base);
    if (pulled === undefined) throw registryFailure("pull", base, "the engine does not have it afterwards");
    if (isFor(pulled, platform)) return pulled;
    const got = `${pulled.Os}/${pulled.Architecture}`;
    throw registryFailure(
      "pull",
      base,
      `no matching manifest for ${platformName(platform)}: it is for ${got}`,
    );
  } catch (error) {
    if (signal.aborted) throw cancelled("the pull of the base", signal);
    if (isEngineGone(error) || isKtsError(error)) {
      throw asEngineFailure(error, `while it pulled ${base}`, signal);
    }
    throw registryFailure("pull", base, messageOfEngine(error), error);
  }
}
