import { verbTable } from "./verb-table.ts";

/** Every verb, in the order of `--help`; a new one is a file in commands/ and a line here. */
export const VERBS = verbTable({
  serve: async () => (await import("./commands/serve.ts")).serve,
  predict: async () => (await import("./commands/predict.ts")).predict,
  build: async () => (await import("./commands/build.ts")).build,
  run: async () => (await import("./commands/run.ts")).run,
  eject: async () => (await import("./commands/eject.ts")).eject,
  inspect: async () => (await import("./commands/inspect.ts")).inspect,
  logs: async () => (await import("./commands/logs.ts")).logs,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
});
