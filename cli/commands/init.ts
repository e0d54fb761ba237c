import { PACKAGE_MANAGERS } from "../init/package-manager.ts";
import { TEMPLATES, TEMPLATE_NAMES } from "../init/templates.ts";
import { choice, toggle } from "../option-kinds.ts";
import { type VerbCall, defineVerb } from "../verb.ts";

const options = {
  template: choice({
    flag: "template",
    short: "t",
    of: TEMPLATE_NAMES,
    default: undefined,
    doc: "What the project starts from. Default: it is asked on a terminal.",
  }),
  install: toggle({
    flag: "install",
    doc: "Install the packages too. Default: it is asked where the rest is asked, else they are not.",
  }),
  packageManager: choice({
    flag: "package-manager",
    of: PACKAGE_MANAGERS,
    default: undefined,
    doc: "What installs packages. Default: what ran this command, else npm.",
  }),
  force: toggle({
    flag: "force",
    doc: "Write into a folder that has files; those of the same name are replaced, the others stay.",
  }),
  output: choice({
    flag: "output",
    short: "o",
    of: ["table", "json"],
    default: "table",
    doc: "How to say what was written: as text for people, or as JSON.",
  }),
} as const;

const args = {
  name: {
    default: "",
    doc: "The project's folder; its last part is the model's name. Default: it is asked on a terminal.",
  },
} as const;

/** What `init` is called with. */
export type InitCall = VerbCall<typeof options, typeof args>;

/** `kserve-ts init`: a project that runs as it is. */
export const init = defineVerb({
  name: "init",
  summary: "Write a new project that runs as it is",
  description: [
    "The project is a folder with a predictor, its settings, examples with their right answers, a test and a README. On a terminal what is left out is asked; elsewhere nothing is.",
    ...Object.entries(TEMPLATES).map(([name, what]) => `${name}: ${what}.`),
  ],
  arguments: args,
  options,
  examples: [
    { says: "Write a predictor without a model", command: "kserve-ts init loans --template function" },
    {
      says: "Write one around a model, and say as JSON what was written",
      command: "kserve-ts init models/digits --template onnx -o json",
    },
  ],
  run: async (call) => (await import("../init/run-init.ts")).runInit(call),
});
