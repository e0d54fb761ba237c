import { type BuiltImage, LABELS, type WorkOptions } from "../../builder/index.ts";
import type { DockerEngine } from "../../builder/docker/index.ts";
import { type ProofReport, proofLabels, proveImage } from "../../builder/proof/index.ts";
import { projectExamples } from "../examples/project-examples.ts";

/** An image that has proven itself, labelled with what came of it. */
export interface Proven {
  readonly image: BuiltImage;
  /** Undefined: it was proven when it was built, and has not changed since. */
  readonly report: ProofReport | undefined;
}

/**
 * Runs a built image once as a cluster would, with the project's examples, and labels it with the result.
 * @throws KtsError KTS_PROOF_FAILED, KTS_BUILD_INPUT for an example that is none, and the engine's
 */
export async function prove(
  engine: DockerEngine,
  image: BuiltImage,
  dir: string,
  work: WorkOptions,
): Promise<Proven> {
  if (image.unchanged && image.labels[LABELS.proof] !== undefined) {
    work.report({ kind: "unchanged", step: "proof" });
    return { image, report: undefined };
  }
  const examples = await projectExamples(dir);
  const { docker } = await engine.connect(work.signal);
  const report = await proveImage(docker, image, { ...work, examples });
  return { image: await engine.label(image, proofLabels(report), work), report };
}

/** What a proof has shown, for a person. */
export function proofText({ coldStartMs, idleMemoryBytes, memoryLimitBytes, examples }: ProofReport): string {
  const both = examples.filter(({ protocols }) => protocols.length === 2).length;
  const expected = examples.filter(({ isExpected }) => isExpected).length;
  const memory = idleMemoryBytes === undefined ? "" : `, ${mebibytes(idleMemoryBytes)} of memory when idle`;
  const lines = [
    `Proven as in a cluster: ready ${coldStartMs} ms after its start${memory} (limit ${mebibytes(memoryLimitBytes)})`,
    examples.length === 0
      ? "  No examples: put requests into examples/*.json."
      : `  ${examples.length} examples answered, ${both} over V1 and V2 alike, ${expected} as expected`,
  ];
  for (const { name, note } of examples) if (note !== undefined) lines.push(`  ${name}: ${note}`);
  return lines.join("\n");
}

/** Memory is counted as a pod's limit is. */
function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MiB`;
}
