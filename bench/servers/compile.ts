import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The servers that ours is compared with. */
export type Baseline = "bare" | "express";

const BASELINES: readonly Baseline[] = ["bare", "express"];
const COMPILED = new URL("../../node_modules/.cache/kserve-ts-bench/", import.meta.url);

/**
 * Compiles the baselines to JavaScript: Node's own type stripping would add 60 ms to their start and 30 MB to their
 * memory, which a plain server does not have.
 */
export async function compileBaselines(): Promise<void> {
  await build({
    entryPoints: BASELINES.map((name) => fileURLToPath(new URL(`./${name}.ts`, import.meta.url))),
    outdir: fileURLToPath(COMPILED),
    outExtension: { ".js": ".mjs" },
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node22",
    logLevel: "warning",
  });
}

/** The file of a compiled baseline. */
export function compiledBaseline(name: Baseline): string {
  return fileURLToPath(new URL(`${name}.mjs`, COMPILED));
}
