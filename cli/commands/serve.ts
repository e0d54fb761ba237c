import { IGNORED_KSERVE_FLAGS } from "../../runtime/option-table.ts";
import { optionsFromEnvironment } from "../../runtime/option-values.ts";
import { toggle } from "../option-kinds.ts";
import { serverOptions } from "../serve/server-options.ts";
import { defineVerb } from "../verb.ts";

const OPTIONS = serverOptions();

/** `kserve-ts serve`: the server in the foreground, until a signal ends it. */
export const serve = defineVerb({
  name: "serve",
  summary: "Serve the model of a folder over the V1 and V2 protocols",
  description: [
    "The folder has a predictor (predictor.ts, .mts, .js or .mjs), a model file that an engine can run (*.onnx), or both. It listens at once, and is ready once the model is loaded and warm.",
    "SIGTERM and SIGINT (Ctrl-C) stop it without losing a request: it is not ready from then on, and ends when the requests in flight have their answers. A second one ends it at once.",
    "Where an option's flag and its environment variable are both given, the flag wins. The KServe server's spelling (--http_port) and the usual one (--http-port) mean the same.",
  ],
  arguments: {
    dir: { default: ".", doc: "The folder to serve, or the path of a predictor or a model file." },
  },
  options: {
    ...OPTIONS,
    playground: { ...OPTIONS.playground, default: true },
    watch: toggle({
      flag: "watch",
      doc: "Serve changes of the predictor, of what it imports by path and of the model's files as they are saved. What cannot be served leaves what was there before it. For development.",
    }),
  },
  ignoredFlags: IGNORED_KSERVE_FLAGS,
  isServer: true,
  fromEnvironment: optionsFromEnvironment,
  examples: [
    { says: "Serve a predictor", command: "kserve-ts serve examples/digits" },
    {
      says: "Serve a model file without a line of code",
      command: "kserve-ts serve examples/digits/model/model.onnx --model_name digits",
    },
    {
      says: "Serve a predictor while it is written",
      command: "kserve-ts serve examples/digits --watch --http-port 0",
    },
    {
      says: "Run two predicts at once, on whichever port is free",
      command: "kserve-ts serve examples/digits --workers 2 --http-port 0",
    },
  ],
  run: async (call) => (await import("../serve/run-serve.ts")).runServe(call),
});
