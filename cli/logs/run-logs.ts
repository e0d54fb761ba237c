import { KtsError } from "../../contract/errors.ts";
import { followServiceLogs } from "../../deployer/logs/follow-service-logs.ts";
import type { LogsCall } from "../commands/logs.ts";
import { openTarget } from "../deploy/open-target.ts";
import { stopSignal } from "../serve/stop-signals.ts";
import { durationSeconds } from "./duration.ts";
import { jsonWriter, textWriter } from "./line-writer.ts";

/**
 * Shows a service's logs, until they end or a signal comes.
 * @throws KtsError KTS_USAGE, and what `openTarget` and `followServiceLogs` throw
 */
export async function runLogs(call: LogsCall): Promise<number> {
  const { options, given, env, terminal } = call;
  const { follow, tail, since, component, container, output, timestamps } = options;
  const previous = !given.has("previous") ? "with" : options.previous ? "only" : "without";
  if (follow && previous === "only") {
    throw new KtsError("KTS_USAGE", "--previous has an end, and --follow has none", {
      hint: "Leave out --previous: those lines come first.",
    });
  }
  const sinceSeconds = since === undefined ? undefined : durationSeconds(since, "--since");
  const stopping = new AbortController();
  void stopSignal().then(() => stopping.abort());
  await using target = await openTarget({ options, env, name: call.arguments.name });
  const service = target.deployment.settings.name;
  const write = output === "json" ? jsonWriter(terminal) : textWriter(service, timestamps, terminal);
  const lines = followServiceLogs(target.cluster, service, {
    follow,
    previous,
    signal: stopping.signal,
    ...(tail !== undefined && { tailLines: tail }),
    ...(sinceSeconds !== undefined && { sinceSeconds }),
    ...(component !== undefined && { component }),
    ...(container !== undefined && { container }),
  });
  for await (const line of lines) write(line);
  return 0;
}
