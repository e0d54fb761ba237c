/** The command `kserve-ts` of an image: what serving takes, and nothing of what builds. */
import { runCommandLine } from "../run-command-line.ts";
import { verbTable } from "../verb-table.ts";

await runCommandLine(verbTable({ serve: async () => (await import("../commands/serve.ts")).serve }));
