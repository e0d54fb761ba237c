import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { KtsError, isKtsError } from "../../contract/errors.ts";
import type { BuiltImage, PublishedImage, WorkOptions } from "../engine.ts";
import type { CredentialsFor } from "../registry/credentials.ts";
import { parseReference, pinnedReference } from "../registry/reference.ts";
import { type EngineAuth, engineAuth } from "./auth.ts";
import type { DockerClient } from "./client.ts";
import { asEngineFailure, cancelled, isEngineGone, messageOfEngine, statusOf } from "./engine-error.ts";
import { errorOf, readMessages } from "./messages.ts";
import { isTransient, registryFailure } from "./registry-failure.ts";

/** A push is tried so often in all. The engine itself tries a layer five times. */
const TRIES = 3;
const FIRST_PAUSE_MS = 1_000;

const STEP = "push";

/**
 * Pushes an image and sees that the registry has it under the digest that the engine told.
 * `sentBytes` are those of the layers before compression, as the engine counts them.
 * @throws KtsError KTS_REGISTRY_DENIED, KTS_REGISTRY_UNREACHABLE, KTS_PUSH_FAILED, KTS_IMAGE_NOT_FOUND,
 * KTS_ENGINE_UNREACHABLE, KTS_CANCELLED
 */
export async function pushImage(
  docker: DockerClient,
  image: Pick<BuiltImage, "reference">,
  credentialsFor: CredentialsFor,
  options: WorkOptions,
): Promise<PublishedImage> {
  const { signal, report } = options;
  const reference = parseReference(image.reference);
  const auth = await engineAuth(image.reference, credentialsFor, signal);
  report({ kind: "step", step: STEP, index: 1, count: 1 });
  for (let attempt = 1; ; attempt++) {
    try {
      const { digest, sentBytes } = await pushOnce(docker, image.reference, auth, options);
      const pinned = pinnedReference(reference, digest);
      await verify(docker, pinned, digest, auth);
      return { reference: pinned, digest, sentBytes };
    } catch (error) {
      const failure = asPushFailure(error, image.reference, signal);
      if (attempt === TRIES || !isTransient(failure.message) || signal.aborted) throw failure;
      const pauseMs = FIRST_PAUSE_MS * 3 ** (attempt - 1);
      report({ kind: "output", step: STEP, line: `${failure.message}; trying again in ${pauseMs / 1000} s` });
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw cancelled("the push", signal);
    }
  }
}

async function pushOnce(
  docker: DockerClient,
  name: string,
  auth: EngineAuth | undefined,
  { signal, report }: WorkOptions,
): Promise<{ digest: string; sentBytes: number }> {
  const stream = (await docker.getImage(name).push({
    abortSignal: signal,
    // The engine wants the header, be it empty.
    authconfig: auth ?? {},
  })) as Readable;
  const sent = new Map<string, number>();
  let digest: string | undefined;
  for await (const message of readMessages(stream)) {
    const reason = errorOf(message);
    if (reason !== undefined) throw registryFailure("push", name, reason);
    const { id, status, progressDetail, aux } = message;
    digest = digestOf(aux) ?? digest;
    if (id === undefined) continue;
    if (status === "Layer already exists" || status?.startsWith("Mounted from") === true) {
      report({ kind: "unchanged", step: `${STEP} ${id}` });
    } else if (status === "Pushing" && progressDetail?.current !== undefined) {
      const { current: doneBytes, total: totalBytes } = progressDetail;
      sent.set(id, doneBytes);
      report({ kind: "transfer", step: STEP, what: id, doneBytes, totalBytes });
    }
  }
  if (digest === undefined) throw registryFailure("push", name, "the engine ended it without a digest");
  return { digest, sentBytes: [...sent.values()].reduce((sum, bytes) => sum + bytes, 0) };
}

function digestOf(aux: unknown): string | undefined {
  const digest = (aux as { Digest?: unknown } | undefined)?.Digest;
  return typeof digest === "string" ? digest : undefined;
}

/** Asks the registry, through the engine, for what was pushed. */
async function verify(
  docker: DockerClient,
  pinned: string,
  digest: string,
  auth: EngineAuth | undefined,
): Promise<void> {
  const found = (await docker.getImage(pinned).distribution({ authconfig: auth ?? {} })) as {
    Descriptor?: { digest?: string };
  };
  const there = found.Descriptor?.digest;
  if (there === digest) return;
  throw new KtsError(
    "KTS_PUSH_FAILED",
    `the registry has ${String(there)} in place of ${digest} that was pushed`,
  );
}

function asPushFailure(error: unknown, name: string, signal: AbortSignal): KtsError {
  if (signal.aborted) return cancelled("the push", signal);
  if (isKtsError(error)) return error;
  if (statusOf(error) === 404) {
    return new KtsError("KTS_IMAGE_NOT_FOUND", `the engine has no image ${name}`, { cause: error });
  }
  if (statusOf(error) === undefined && isEngineGone(error)) {
    return asEngineFailure(error, `while it pushed ${name}`, signal);
  }
  return registryFailure("push", name, messageOfEngine(error), error);
}
