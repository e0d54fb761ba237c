import { verbTable } from "./verb-table.ts";

/** Every verb, in the order of `--help`; a new one is a file in commands/ and a line here. */
export const VERBS = verbTable({
  serve: async () => (await import("./commands/serve.ts")).serve,
  predict: async () => (await import("./commands/predict.ts")).predict,
  build: async () => (await import("./commands/build.ts")).build,
  run: async () => (await import("./commands/run.ts")).run,
  eject: async () => (await import("./commands/eject.ts")).eject,
  deploy: async () => (await import("./commands/deploy.ts")).deploy,
  diff: async () => (await import("./commands/diff.ts")).diff,
  inspect: async () => (await import("./commands/inspect.ts")).inspect,
  list: async () => (await import("./commands/list.ts")).list,
  describe: async () => (await import("./commands/describe.ts")).describe,
  "get-url": async () => (await import("./commands/get-url.ts")).getUrl,
  stop: async () => (await import("./commands/stop.ts")).stop,
  start: async () => (await import("./commands/start.ts")).start,
  delete: async () => (await import("./commands/delete.ts")).deleteVerb,
  promote: async () => (await import("./commands/promote.ts")).promote,
  rollback: async () => (await import("./commands/rollback.ts")).rollback,
});
