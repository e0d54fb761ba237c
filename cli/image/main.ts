/** The command `kserve-ts` of an image: what serving takes, and nothing of what builds. */
import { KtsError } from "../../contract/errors.ts";
import { runCommandLine } from "../run-command-line.ts";
import { defineVerb } from "../verb.ts";
import { verbTable } from "../verb-table.ts";

await runCommandLine(verbTable({ serve: serveOfImage }));

/** Whoever deploys an image must get what was built, tested and signed. */
async function serveOfImage() {
  const { serve } = await import("../commands/serve.ts");
  return defineVerb({
    ...serve,
    async run(call) {
      if (!call.options.watch) return serve.run(call);
      throw new KtsError("KTS_USAGE", "--watch is not for an image, which serves what it was built with", {
        hint: "Run kserve-ts serve --watch where the project is worked on.",
      });
    },
  });
}
