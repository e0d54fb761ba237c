/** `npm run test:tfjs`: builds tfjs-node where it is not built yet, and runs the tests that need it. */
import { fileURLToPath } from "node:url";
import { startVitest } from "vitest/node";
import { buildTfjsNode } from "./build.ts";

process.env["KSERVE_TS_TFJS_NODE"] = await buildTfjsNode((line) => console.log(`tfjs-node: ${line}`));
// As the server sets it: the tests of errors would fill the screen.
process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
const vitest = await startVitest("test", process.argv.slice(2), {
  root: fileURLToPath(new URL("../..", import.meta.url)),
  config: fileURLToPath(new URL("vitest.config.ts", import.meta.url)),
  watch: false,
});
await vitest.close();
