import type { HistoryEntry, ImageConfig } from "./oci/spec.ts";
import { LABELS } from "./plan/labels.ts";

/** How the engine that lays layers itself says in the history that one is ours; its name is the comment. */
const LAID = /^kserve-ts build/;

/**
 * The names of an image's layers, from the bottom; undefined: of the base. Those of the engine that lays them itself are
 * in the history. Docker's history has their COPYs, and a label has the names: ours are the last ones.
 * @param count of layers
 */
export function layerNames(
  { history = [], config }: Pick<ImageConfig, "history" | "config">,
  count: number,
): readonly (string | undefined)[] {
  const steps = history.filter(({ empty_layer }) => empty_layer !== true);
  // A history may be left out, or be wrong.
  if (steps.length !== count) return new Array<undefined>(count).fill(undefined);
  if (steps.some(isLaid)) return steps.map((step) => (isLaid(step) ? step.comment : undefined));
  const ours = config?.Labels?.[LABELS.layers]?.split(" ").filter(Boolean) ?? [];
  const copies = steps.flatMap((step, at) => (isCopy(step) ? [at] : [])).slice(-ours.length);
  if (ours.length === 0 || copies.length < ours.length) return new Array<undefined>(count).fill(undefined);
  const [first = 0] = copies;
  return steps.map((step, at) => {
    if (at < first) return undefined;
    return copies.includes(at) ? ours[copies.indexOf(at)] : instructionOf(step);
  });
}

/** The instruction of a Dockerfile that made a step of an image, as the classic builder or BuildKit writes it down. */
export function instructionOf({ created_by: text = "" }: HistoryEntry): string {
  const [, word] = /#\(nop\)\s+([A-Z]+)\b/.exec(text) ?? /^([A-Z]+) .*# buildkit$/s.exec(text) ?? [];
  // The classic builder writes down what a RUN has run, and nothing else.
  return word ?? "RUN";
}

function isLaid({ created_by }: HistoryEntry): boolean {
  return LAID.test(created_by ?? "");
}

/** Whether a step is one that brought files into the image. */
export function isCopy(step: HistoryEntry): boolean {
  return ["COPY", "ADD"].includes(instructionOf(step));
}
