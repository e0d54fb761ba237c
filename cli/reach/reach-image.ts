import { resolve } from "node:path";
import { connectEngine } from "../../builder/docker/client.ts";
import { inspectImage } from "../../builder/docker/pull-base.ts";
import { DEFAULT_MEMORY_BYTES } from "../../builder/proof/constraints.ts";
import { ProvenContainer } from "../../builder/proof/container.ts";
import { GrpcInferenceClient, InferenceClient } from "../../client/index.ts";
import { KtsError } from "../../contract/errors.ts";
import { SERVER_OPTIONS } from "../../runtime/option-table.ts";
import { GRPC_PORT, HTTP_PORT, endedByItself, portsOf } from "../run/run-image.ts";
import type { ReachCall } from "./reach-options.ts";
import type { ReachedServer } from "./reached-server.ts";

const READY_TIMEOUT_MS = 60_000;

/**
 * Runs an image under a cluster's constraints, on free ports of loopback, until the server is disposed of. Options of the
 * server are given to it as flags, and a model folder is mounted.
 * @param signal ends the wait until it is ready
 * @throws KtsError KTS_IMAGE_NOT_FOUND, KTS_ENGINE_UNREACHABLE; KTS_PROOF_FAILED when it ends, or is not ready in time
 */
export async function reachImage(
  call: ReachCall,
  image: string,
  signal: AbortSignal,
): Promise<ReachedServer> {
  const { options, env, terminal, isVerbose } = call;
  const { docker } = await connectEngine(env, signal);
  if ((await inspectImage(docker, image)) === undefined) {
    throw new KtsError("KTS_IMAGE_NOT_FOUND", `the engine has no image ${image}`, {
      hint: "Build it with kserve-ts build, or fetch it with docker pull.",
    });
  }
  const { modelDir, timeoutMs, model } = options;
  await using opened = new AsyncDisposableStack();
  const container = opened.use(
    await ProvenContainer.start(
      docker,
      {
        image,
        memoryBytes: DEFAULT_MEMORY_BYTES,
        modelFolder: modelDir === undefined ? undefined : resolve(modelDir),
        ports: { [HTTP_PORT]: 0, [GRPC_PORT]: 0 },
        ...flagsOf(call),
      },
      ({ text }) => isVerbose && terminal.complain(text),
    ),
  );
  await untilReady(container, image, signal);
  const { http, grpc } = await portsOf(container);
  const rest = opened.use(new InferenceClient(http, { timeoutMs }));
  const grpcClient = opened.use(new GrpcInferenceClient(grpc, { timeoutMs }));
  const kept = opened.move();
  return {
    title: `the image ${image}`,
    rest,
    headers: {},
    grpc: grpcClient,
    noGrpc: undefined,
    modelName: model,
    [Symbol.asyncDispose]: async () => kept.disposeAsync(),
  };
}

/** The server's options that were given, as the container's command. */
function flagsOf({ options, given }: ReachCall): { args?: readonly string[] } {
  const values = options as unknown as Readonly<Record<string, unknown>>;
  const args = SERVER_OPTIONS.filter(({ key }) => key !== "modelDir" && given.has(key)).map(
    ({ key, flag }) => `--${flag}=${String(values[key])}`,
  );
  return args.length === 0 ? {} : { args };
}

async function untilReady(container: ProvenContainer, image: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), READY_TIMEOUT_MS);
  const stop = () => late.reject(signal.reason);
  signal.addEventListener("abort", stop);
  try {
    const first = await Promise.race([container.saysReady, container.exit, late.promise]);
    if (first instanceof Date) return;
    if (first !== undefined) throw await endedByItself(container, image, first);
    throw new KtsError("KTS_PROOF_FAILED", `${image} was not ready within ${READY_TIMEOUT_MS / 1000} s`, {
      hint: "--verbose shows what it says.",
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
