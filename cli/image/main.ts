/** The command `kserve-ts` of an image: what serving takes, and nothing of what builds. */
import { KtsError } from "../../contract/errors.ts";
import { runCommandLine } from "../run-command-line.ts";
import { defineVerb } from "../verb.ts";
import { verbTable } from "../verb-table.ts";

await runCommandLine(verbTable({ serve: serveOfImage }));

/**
 * As it serves on a developer's machine, but for the playground, which is off unless it is asked for, and for what is
 * only for developing: whoever deploys an image must get what was built, tested and signed.
 */
async function serveOfImage() {
  const [{ serve }, { serverOptions }] = await Promise.all([
    import("../commands/serve.ts"),
    import("../serve/server-options.ts"),
  ]);
  return defineVerb({
    ...serve,
    options: { ...serve.options, ...serverOptions() },
    async run(call) {
      if (!call.options.watch) return serve.run(call);
      throw new KtsError("KTS_USAGE", "--watch is not for an image, which serves what it was built with", {
        hint: "Run kserve-ts serve --watch where the project is worked on.",
      });
    },
  });
}
