import { KtsError } from "../../contract/errors.ts";
import type { Measurer } from "./measure.ts";
import type { BenchRun } from "./report/bench-report.ts";
import { findCapacity } from "./search/find-capacity.ts";
import { findKnee } from "./search/find-knee.ts";
import type { Step } from "./step.ts";

/** What to find out of a server. */
export interface RunPlan {
  /** One rate, in place of the knee. */
  readonly rate: number | undefined;
  readonly goalMs: number | undefined;
  /** Windows of the knee, or of the one rate. */
  readonly repeats: number;
  readonly maxSteps: number;
  /** Requests under way at most. */
  readonly connections: number;
}

/** A run as it grows: what is there when it is interrupted is shown. */
export type GrowingRun = { -readonly [Key in keyof BenchRun]: BenchRun[Key] } & { steps: Step[] };

/** More at once say no more of a capacity. */
const MOST_AT_ONCE = 128;

/**
 * Measures one server in one setting.
 * @param onProgress told of what goes on
 * @throws KtsError KTS_SERVER_ANSWERED when nothing is answered; the signal's reason, once it is aborted
 */
export async function measureRun(
  measurer: Measurer,
  plan: RunPlan,
  run: GrowingRun,
  onProgress: (doing: string, last?: Step) => void,
): Promise<void> {
  const measure = async (perSecond: number) => {
    onProgress(`offering ${Math.round(perSecond)} requests/s`);
    const step = await measurer.step(perSecond);
    run.steps.push(step);
    onProgress("", step);
    return step;
  };
  if (plan.rate !== undefined) {
    for (let window = 0; window < plan.repeats; window++) await measure(plan.rate);
    return;
  }
  let firstProblem = "nothing was answered in time";
  const capacity = await findCapacity(async (atOnce) => {
    onProgress(`finding the capacity: ${atOnce} at once`);
    const result = await measurer.closed(atOnce);
    const [message] = Object.entries(result.messages).map(([kind, text]) => `${kind}: ${text}`);
    if (result.right === 0 && message !== undefined) firstProblem = message;
    return result;
  }, Math.min(MOST_AT_ONCE, plan.connections)); // prettier-ignore
  run.capacity = capacity;
  if (capacity.perSecond === 0) {
    throw new KtsError("KTS_SERVER_ANSWERED", `no request was answered under load: ${firstProblem}`, {
      hint: "Raise --duration or --timeout-ms, if the model is slow.",
    });
  }
  run.knee = await findKnee({
    capacityPerSecond: capacity.perSecond,
    goalMs: plan.goalMs,
    measure,
    repeats: plan.repeats,
    maxSteps: plan.maxSteps,
  });
}
