import { KtsError, isKtsError, messageOf } from "../../contract/errors.ts";
import { type DockerClient, isAlive } from "../docker/client.ts";
import { asEngineFailure, engineGone, isEngineGone } from "../docker/engine-error.ts";
import type { BuiltImage, WorkOptions } from "../engine.ts";
import { proveExample } from "./prove-example.ts";
import { DEFAULT_MEMORY_BYTES } from "./constraints.ts";
import { ProvenContainer } from "./container.ts";
import { Inside } from "./inside.ts";
import type { ExampleProof, ModelSignature, ProofExample, ProofReport } from "./proof-report.ts";
import { signatureDiff } from "./signature-diff.ts";

/** What an image is to prove. */
export interface ProofOptions extends WorkOptions {
  /** Requests that it must answer. Default none. */
  readonly examples?: readonly ProofExample[];
  /** What the predictor or the plan declares; compared with what the server says. Default: not compared. */
  readonly declared?: ModelSignature | undefined;
  /** Memory of the container. Default 1 GiB. */
  readonly memoryBytes?: number;
  /** Folder of this machine that is mounted at /mnt/models, where the image has no model of its own. */
  readonly modelFolder?: string | undefined;
  /** Milliseconds until it must be ready. Default 60000. */
  readonly readyTimeoutMs?: number;
}

const STEP = "proof";
const READY_TIMEOUT_MS = 60_000;
/** Lines of the container's log that a failure shows. */
const LAST_LINES = 20;

/**
 * Runs an image once as a cluster would (see `clusterLikeContainer`, and no network at all), asks it everything, and
 * removes the container, whatever happens.
 * @throws KtsError KTS_PROOF_FAILED with the container's last lines; KTS_ENGINE_UNREACHABLE, KTS_CANCELLED
 */
export async function proveImage(
  docker: DockerClient,
  image: Pick<BuiltImage, "id" | "reference">,
  options: ProofOptions,
): Promise<ProofReport> {
  const { signal, report, memoryBytes = DEFAULT_MEMORY_BYTES, modelFolder } = options;
  const work = async () => {
    signal.throwIfAborted();
    report({ kind: "step", step: STEP, index: 1, count: 1 });
    const { node, port } = await startOf(docker, image.id);
    await using container = await ProvenContainer.start(
      docker,
      { image: image.id, memoryBytes, modelFolder },
      ({ text }) => report({ kind: "output", step: STEP, line: text }),
    );
    const abort = Promise.withResolvers<never>();
    const stop = () => abort.reject(signal.reason);
    signal.addEventListener("abort", stop);
    // It may come between two waits.
    abort.promise.catch(() => undefined);
    if (signal.aborted) stop();
    try {
      return await Promise.race([ask(container, node, port, options), abort.promise]);
    } catch (error) {
      if (signal.aborted || isEngineGone(error)) throw error;
      if (!(await isAlive(docker))) throw engineGone("while it proved the image", error);
      throw await withLog(error, container, image.reference);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  };
  try {
    return await work();
  } catch (error) {
    throw asEngineFailure(error, "while it proved the image", signal);
  }
}

/** The Node that the image starts its server with, and the port that it listens on. */
async function startOf(docker: DockerClient, id: string): Promise<{ node: string; port: number }> {
  const { Config: config } = await docker.getImage(id).inspect();
  const entrypoint = typeof config.Entrypoint === "string" ? [config.Entrypoint] : config.Entrypoint;
  const [port = "8080/tcp"] = Object.keys(config.ExposedPorts ?? {}).toSorted();
  return { node: entrypoint?.[0] ?? "node", port: Number.parseInt(port, 10) };
}

async function ask(
  container: ProvenContainer,
  node: string,
  port: number,
  options: ProofOptions,
): Promise<ProofReport> {
  const {
    memoryBytes = DEFAULT_MEMORY_BYTES,
    examples = [],
    declared,
    readyTimeoutMs = READY_TIMEOUT_MS,
  } = options;
  const coldStartMs = await untilReady(container, readyTimeoutMs);
  // Before anything else runs in the container.
  const idleMemoryBytes = await memoryInUse(container);
  using inside = await Inside.open(container.container, node, port);
  const { modelName, nodeVersion } = await onlyModel(inside);
  const signature = await askSignature(inside, modelName);
  const diff = declared === undefined ? [] : signatureDiff(declared, signature);
  if (diff.length > 0) {
    throw new KtsError(
      "KTS_PROOF_FAILED",
      `the signature is not the model's:\n  ${diff.join("\n").replaceAll("\n", "\n  ")}`,
      {
        hint: "Correct the predictor's inputs and outputs, or leave them out: the model knows its own.",
      },
    );
  }
  const proofs: ExampleProof[] = [];
  for (const example of examples) {
    const name = example.model ?? modelName;
    const own = name === modelName ? signature : await askSignature(inside, name);
    proofs.push(await proveExample(inside, name, own, example));
  }
  return {
    modelName,
    nodeVersion,
    coldStartMs,
    idleMemoryBytes,
    memoryLimitBytes: memoryBytes,
    examples: proofs,
    signature,
  };
}

/** @returns milliseconds from the container's start, by the engine's own clock for both ends */
async function untilReady(container: ProvenContainer, timeoutMs: number): Promise<number> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), timeoutMs);
  try {
    const first = await Promise.race([container.saysReady, container.exit, late.promise]);
    if (first instanceof Date) {
      const { State: state } = await container.inspect();
      return Math.max(0, first.getTime() - Date.parse(state.StartedAt));
    }
    if (first === undefined) {
      throw new KtsError("KTS_PROOF_FAILED", `it was not ready within ${timeoutMs / 1000} s`);
    }
    if (first.isOutOfMemory) {
      throw new KtsError("KTS_PROOF_FAILED", "it used more memory than it may, and was killed", {
        hint: "Let it take less, or leave the proof out, with --no-proof, if its pods will have more.",
      });
    }
    throw new KtsError("KTS_PROOF_FAILED", `it ended with exit code ${first.code} before it was ready`);
  } finally {
    clearTimeout(timer);
  }
}

/** What the container's processes hold, without files that the kernel keeps at hand and gives up when asked. */
async function memoryInUse({ container }: ProvenContainer): Promise<number | undefined> {
  const { memory_stats: memory } = await container.stats({ stream: false, "one-shot": true });
  const { usage, stats } = memory as { usage?: number; stats?: Readonly<Record<string, number>> };
  if (usage === undefined) return undefined;
  return usage - (stats?.["total_inactive_file"] ?? stats?.["inactive_file"] ?? 0);
}

async function onlyModel(inside: Inside): Promise<Pick<ProofReport, "modelName" | "nodeVersion">> {
  const { text, node } = await inside.ask("GET", "/v1/models");
  const [name] = (JSON.parse(text) as { models?: string[] }).models ?? [];
  if (name === undefined) throw new KtsError("KTS_PROOF_FAILED", "the server has no model");
  return { modelName: name, nodeVersion: node };
}

async function askSignature(inside: Inside, modelName: string): Promise<ModelSignature> {
  const { status, text } = await inside.ask("GET", `/v2/models/${encodeURIComponent(modelName)}`);
  if (status !== 200) throw new KtsError("KTS_PROOF_FAILED", `the model's metadata: ${status} ${text}`);
  const { inputs = [], outputs = [] } = JSON.parse(text) as Partial<ModelSignature>;
  const plain = ({ name, datatype, shape }: ModelSignature["inputs"][number]) => ({ name, datatype, shape });
  return { inputs: inputs.map(plain), outputs: outputs.map(plain) };
}

async function withLog(error: unknown, container: ProvenContainer, reference: string): Promise<KtsError> {
  const lines = await container.lastLines(LAST_LINES);
  const said = lines.length === 0 ? "" : `\nIts last lines:${lines.map((line) => `\n  ${line}`).join("")}`;
  const message = `${reference} did not prove itself: ${messageOf(error)}${said}`;
  return new KtsError("KTS_PROOF_FAILED", message, {
    cause: error,
    ...(isKtsError(error) && error.code === "KTS_PROOF_FAILED" && { hint: error.hint }),
  });
}
