import { KtsError, isKtsError, messageOf } from "../../contract/errors.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { restoreLastGood } from "../rollout/last-good.ts";
import type { RolloutView } from "../rollout/progress.ts";
import { waitUntilReady } from "../rollout/wait.ts";

/** What is taken back, and how it is waited for. */
export interface TakeBackOptions {
  readonly namespace: string;
  readonly name: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  onView?(view: RolloutView): void;
}

/** Whether an error says that what was applied does not come up. */
export function isRolloutFailure(error: unknown): error is KtsError {
  return isKtsError(error) && (error.code === "KTS_ROLLOUT_FAILED" || error.code === "KTS_ROLLOUT_TIMEOUT");
}

/**
 * Goes back to what was ready last, after a deployment that does not come up, and waits for it.
 * @returns the failure, with what became of going back in its message
 */
export async function takeBack(
  cluster: Cluster,
  failure: KtsError,
  { namespace, name, timeoutMs, signal, onView }: TakeBackOptions,
): Promise<KtsError> {
  const said = await restoreLastGood(cluster, { namespace, name }, signal)
    .then(async ({ spec, service }) => {
      const generation = service.metadata.generation ?? 0;
      const wait = { timeoutMs, signal, ...(onView !== undefined && { onView }) };
      await waitUntilReady(cluster, { namespace, name, generation }, wait);
      return `${name} was taken back to what was ready at ${spec.at}, and is ready again.`;
    })
    .catch((error: unknown) => {
      signal.throwIfAborted();
      return `${name} could not be taken back: ${messageOf(error)}`;
    });
  return new KtsError(failure.code, `${failure.message}\n${said}`, { cause: failure, hint: failure.hint });
}
