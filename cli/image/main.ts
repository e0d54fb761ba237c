/** The command `kserve-ts` of an image: what serving takes, and nothing of what builds. */
import { runCommandLine } from "../run-command-line.ts";
import { verbTable } from "../verb-table.ts";

await runCommandLine(verbTable({ serve }));

/** As it serves on a developer's machine, but for the playground, which is off unless it is asked for. */
async function serve() {
  const [{ serve: verb }, { serverOptions }] = await Promise.all([
    import("../commands/serve.ts"),
    import("../serve/server-options.ts"),
  ]);
  return { ...verb, options: serverOptions() };
}
