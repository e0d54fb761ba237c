import { OPERATE_OPTIONS } from "../operate/operate-options.ts";
import { toggle } from "../option-kinds.ts";
import { type ValuesOf, defineVerb } from "../verb.ts";

const options = {
  yes: toggle({ flag: "yes", short: "y", doc: "Do not ask; needed where nobody can be asked." }),
  ...OPERATE_OPTIONS,
} as const;

/** What `delete` is told. */
export type DeleteOptions = ValuesOf<typeof options>;

/** `kserve-ts delete`: an InferenceService, and what was made for it. */
export const deleteVerb = defineVerb({
  name: "delete",
  summary: "Delete a deployment and what was made for it",
  description: [
    "Deletes the InferenceService and, where kserve-ts made it, the Secrets and the ServiceAccount that were made for it, and waits until its pods are gone. What others made stays, and so does a ServiceAccount or a Secret that another InferenceService uses. A model in a store stays where it is.",
    "The name may be an InferenceGraph's as well; the services that it goes to stay.",
    "On a terminal it asks first.",
  ],
  arguments: {
    name: { doc: "Name of the InferenceService or InferenceGraph. It must be given." },
  },
  options,
  examples: [{ says: "Delete it without being asked", command: "kserve-ts delete digits --yes" }],
  run: async (call) =>
    (await import("../operate/run-delete.ts")).runDelete(
      call.arguments.name,
      call.options,
      call.env,
      call.terminal,
    ),
});
