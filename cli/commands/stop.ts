import { NAME_ARGUMENT, OPERATE_OPTIONS } from "../operate/operate-options.ts";
import { type ValuesOf, defineVerb } from "../verb.ts";

const options = OPERATE_OPTIONS;

/** What `stop` is told. */
export type StopOptions = ValuesOf<typeof options>;

/** `kserve-ts stop`: no pods, until it is started. */
export const stop = defineVerb({
  name: "stop",
  summary: "Stop a deployment: its pods go, what it is stays",
  description: [
    "KServe removes its pods, Services, routes and autoscaler, and keeps the InferenceService: start brings all of it back. KServe can do so since v0.15.2; before, the verb is refused. What is stopped already stays as it is.",
  ],
  arguments: NAME_ARGUMENT,
  options,
  examples: [{ says: "Stop it, and wait until its pods are gone", command: "kserve-ts stop digits" }],
  run: async (call) =>
    (await import("../operate/run-stop.ts")).runStop(
      call.arguments.name,
      call.options,
      call.env,
      call.terminal,
    ),
});
