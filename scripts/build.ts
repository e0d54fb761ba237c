/**
 * Builds dist/: what the package's entry points lead to, the worker in a bundle of its own (a thread loads nothing that
 * only the main thread needs), the browser's entry points, the playground's pages, dist/image, the server as images have
 * it, the completion scripts of shells, and the schema of config files for editors.
 */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { configJsonSchema } from "./config-schema.ts";
import { buildImageFiles } from "./build-image.ts";
import { completionScript } from "../cli/completion/script.ts";
import { SHELLS } from "../cli/completion/shells.ts";
import { VERBS } from "../cli/verbs.ts";
import { NODE_BUNDLE } from "./node-bundle.ts";
import { thirdPartyNotices } from "./third-party-notices.ts";
import { bundlePages } from "../runtime/playground/bundle-pages.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
/** Where to: dist/, or the folder that is named. */
const [, , dist = join(root, "dist")] = process.argv;

const SPLIT: BuildOptions = {
  ...NODE_BUNDLE,
  splitting: true,
  chunkNames: "chunk-[hash]",
  metafile: true,
};

rmSync(dist, { recursive: true, force: true });
const bundles = await Promise.all([
  build({
    ...SPLIT,
    entryPoints: {
      "kserve-ts": "cli/main.ts",
      "bench-server": "cli/bench/server/main.ts",
      contract: "contract/index.ts",
      client: "client/index.ts",
      runtime: "runtime/index.ts",
      builder: "builder/index.ts",
      deployer: "deployer/index.ts",
    },
    outdir: dist,
  }),
  build({
    ...SPLIT,
    entryPoints: {
      worker: "runtime/workers/worker-entry.ts",
      contract: "contract/index.ts",
      client: "client/index.ts",
    },
    outdir: join(dist, "worker"),
  }),
  build({
    ...SPLIT,
    entryPoints: { contract: "contract/index.ts", client: "client/browser.ts" },
    outdir: join(dist, "browser"),
    platform: "browser",
    target: "es2022",
    banner: {},
  }),
]);
const notices = thirdPartyNotices(
  root,
  bundles.flatMap(({ metafile }) => metafile ?? []),
);
writeFileSync(join(dist, "THIRD-PARTY-NOTICES.txt"), notices);
const pages = JSON.stringify(await bundlePages());
writeFileSync(join(dist, "playground.json"), pages);
await buildImageFiles(join(dist, "image"), pages);
// The image's bundles have no package that those above do not have.
copyFileSync(join(dist, "THIRD-PARTY-NOTICES.txt"), join(dist, "image/THIRD-PARTY-NOTICES.txt"));
mkdirSync(join(dist, "completion"));
const verbs = await VERBS.all();
for (const shell of SHELLS) {
  writeFileSync(join(dist, "completion", shell), completionScript(shell, verbs));
}
mkdirSync(join(dist, "schema"));
writeFileSync(
  join(dist, "schema/kserve.config.schema.json"),
  `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
);
