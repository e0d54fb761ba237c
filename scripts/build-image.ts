import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { NODE_BUNDLE } from "./node-bundle.ts";

/**
 * Writes what is /opt/kserve-ts of every image: the server alone, in one file and one for its workers, the contract and
 * the client for predictors to import, and a compile cache filled by this very Node.
 * @param folder is empty or not there
 * @param pages of the playground, as `runtime/playground/pages.ts` reads them
 */
export async function buildImageFiles(folder: string, pages: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await build({
    ...NODE_BUNDLE,
    entryPoints: {
      "kserve-ts": "cli/image/main.ts",
      contract: "contract/index.ts",
      client: "client/index.ts",
      "worker/worker": "runtime/workers/worker-entry.ts",
      "worker/contract": "contract/index.ts",
      "worker/client": "client/index.ts",
      health: "cli/image/health.ts",
      "prepare-image": "cli/image/prepare-image.ts",
    },
    outdir: join(folder, "lib"),
    target: "node24",
    minifySyntax: true,
    minifyWhitespace: true,
  });
  writeFileSync(join(folder, "lib/playground.json"), pages);
  const manifest = readFileSync(join(NODE_BUNDLE.absWorkingDir, "package.json"), "utf8");
  const { name, version, license } = JSON.parse(manifest) as Record<string, string>;
  // Beside lib/ it says the version, and that the files are modules.
  writeFileSync(
    join(folder, "package.json"),
    `${JSON.stringify({ name, version, license, type: "module" })}\n`,
  );
  execFileSync(process.execPath, [join(folder, "lib/prepare-image.js")], { stdio: "inherit" });
}
