import type { KubeObject } from "../../deployer/cluster/cluster.ts";
import type { KserveFacts } from "../../deployer/cluster/facts.ts";
import { type DeployEvent, deployPrepared } from "../../deployer/steps/deploy.ts";
import { prepareDeployment } from "../../deployer/steps/prepare.ts";
import type { DeployVerbOptions } from "../commands/deploy.ts";
import { byteText } from "../terminal/byte-text.ts";
import { shellWord } from "../terminal/shell-word.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Environment } from "../verb.ts";
import { deployResult, resultLines } from "./deploy-result.ts";
import type { OpenTarget } from "./open-target.ts";
import { printAs } from "./output.ts";
import { NO_PROGRESS, rolloutProgress } from "./rollout-progress.ts";
import { warn } from "../terminal/warn.ts";

/** A deployment that is about to be carried out. */
export interface CarryOutCall {
  readonly target: OpenTarget;
  readonly facts: KserveFacts;
  readonly live: KubeObject | undefined;
  readonly image: string | undefined;
  readonly options: DeployVerbOptions;
  readonly env: Environment;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** On the clock of `performance.now`. */
  readonly startedAt: number;
}

/** Prepares, uploads, applies, waits, and says what came of it. */
export async function carryOut(call: CarryOutCall): Promise<number> {
  const { target, facts, live, image, options, env, terminal, signal, startedAt } = call;
  const { cluster, namespace, deployment, hasService } = target;
  const prepared = await prepareDeployment({ deployment, namespace, facts, live, image, hasService, signal });
  for (const warning of prepared.warnings) warn(terminal, warning);
  const isTable = options.output === "table";
  using progress = isTable ? rolloutProgress(terminal) : NO_PROGRESS;
  const { name, waitTimeoutSeconds } = deployment.settings;
  const seconds = options.wait ? (options.timeout ?? waitTimeoutSeconds) : 0;
  let isApplied = false;
  const report = (event: DeployEvent): void => {
    if (event.kind === "upload") progress.step(uploadText(event));
    else if (event.kind === "view") progress.view(event.view);
    else if (event.kind === "graph") progress.step(graphText(event));
    else isApplied = true;
  };
  const result = await deployPrepared(cluster, prepared, deployment, {
    timeoutMs: seconds * 1000,
    atomic: options.atomic,
    env,
    signal,
    report,
  }).catch((error: unknown) => {
    if (signal.aborted && isApplied) terminal.complain(howToGoOn(name, target));
    throw error;
  });
  progress[Symbol.dispose]();
  const value = deployResult({ target, prepared, result, seconds: (performance.now() - startedAt) / 1000 });
  await printAs(
    options.output,
    { value, table: () => resultLines(value, prepared, target, terminal) },
    terminal,
  );
  return 0;
}

function uploadText({ uri, progress }: Extract<DeployEvent, { kind: "upload" }>): string {
  const { uploadedBytes, skippedBytes, totalBytes, totalFiles } = progress;
  const files = totalFiles === 1 ? "1 file" : `${totalFiles} files`;
  return `Uploading ${files} to ${uri}  ${byteText(uploadedBytes + skippedBytes)} of ${byteText(totalBytes)}`;
}

function graphText({ view: { name, ready, waitsFor } }: Extract<DeployEvent, { kind: "graph" }>): string {
  if (ready) return `The graph ${name} is ready`;
  return `Waiting for the graph ${name}${waitsFor === undefined ? "" : `: ${waitsFor}`}`;
}

function howToGoOn(name: string, { cluster, namespace }: OpenTarget): string {
  const where = `${shellWord(name)} --context ${shellWord(cluster.context)} -n ${shellWord(namespace)}`;
  return [
    `Nobody waits any more; the rollout of ${name} goes on by itself.`,
    `  kserve-ts describe ${where}   shows how it stands`,
    `  kserve-ts rollback ${where}   goes back to what ran before`,
  ].join("\n");
}
