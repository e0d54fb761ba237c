/**
 * Builds dist/image, which is /opt/kserve-ts of every image: the server alone, in one file and one for its workers,
 * the contract and the client for predictors to import, and a compile cache filled by this very Node.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../", import.meta.url));
const [, , folder = join(root, "dist/image")] = process.argv;

const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: {
    "kserve-ts": "cli/image/main.ts",
    worker: "runtime/workers/worker-entry.ts",
    contract: "contract/index.ts",
    client: "client/index.ts",
    health: "cli/image/health.ts",
    "prepare-image": "cli/image/prepare-image.ts",
  },
  outdir: join(folder, "lib"),
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node24",
  external: ["onnxruntime-node", "esbuild"],
  minifySyntax: true,
  minifyWhitespace: true,
  banner: { js: REQUIRE },
  logLevel: "warning",
});
const { name, version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
  string,
  string
>;
// Beside lib/ it says the version, and that the files are modules.
writeFileSync(
  join(folder, "package.json"),
  `${JSON.stringify({ name, version, license, type: "module" })}\n`,
);
execFileSync(process.execPath, [join(folder, "lib/prepare-image.js")], { stdio: "inherit" });
