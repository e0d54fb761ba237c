import { verbTable } from "./verb-table.ts";

/** Every verb, in the order of `--help`; a new one is a file in commands/ and a line here. */
export const VERBS = verbTable({
  init: async () => (await import("./commands/init.ts")).init,
  serve: async () => (await import("./commands/serve.ts")).serve,
  predict: async () => (await import("./commands/predict.ts")).predict,
  test: async () => (await import("./commands/test.ts")).test,
  client: async () => (await import("./commands/client.ts")).client,
  bench: async () => (await import("./commands/bench.ts")).bench,
  build: async () => (await import("./commands/build.ts")).build,
  run: async () => (await import("./commands/run.ts")).run,
  eject: async () => (await import("./commands/eject.ts")).eject,
  inspect: async () => (await import("./commands/inspect.ts")).inspect,
  deploy: async () => (await import("./commands/deploy.ts")).deploy,
  diff: async () => (await import("./commands/diff.ts")).diff,
  list: async () => (await import("./commands/list.ts")).list,
  describe: async () => (await import("./commands/describe.ts")).describe,
  "get-url": async () => (await import("./commands/get-url.ts")).getUrl,
  logs: async () => (await import("./commands/logs.ts")).logs,
  promote: async () => (await import("./commands/promote.ts")).promote,
  rollback: async () => (await import("./commands/rollback.ts")).rollback,
  stop: async () => (await import("./commands/stop.ts")).stop,
  start: async () => (await import("./commands/start.ts")).start,
  delete: async () => (await import("./commands/delete.ts")).deleteVerb,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  completion: async () => (await import("./commands/completion.ts")).completion,
});
