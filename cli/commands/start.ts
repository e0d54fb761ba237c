import { NAME_ARGUMENT, OPERATE_OPTIONS } from "../operate/operate-options.ts";
import { type ValuesOf, defineVerb } from "../verb.ts";

const options = OPERATE_OPTIONS;

/** What `start` is told. */
export type StartOptions = ValuesOf<typeof options>;

/** `kserve-ts start`: the pods of a stopped InferenceService come back. */
export const start = defineVerb({
  name: "start",
  summary: "Start a deployment that was stopped",
  description: [
    "Its pods, Services, routes and autoscaler come back as they were. It waits until the deployment is ready, and ends at once with the cause where it cannot become so. What was not stopped stays as it is.",
  ],
  arguments: NAME_ARGUMENT,
  options,
  examples: [{ says: "Start it, and wait until it is ready", command: "kserve-ts start digits" }],
  run: async (call) =>
    (await import("../operate/run-start.ts")).runStart(
      call.arguments.name,
      call.options,
      call.env,
      call.terminal,
    ),
});
