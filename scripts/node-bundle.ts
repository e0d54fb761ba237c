import { fileURLToPath } from "node:url";
import type { BuildOptions } from "esbuild";

/** Packages bring `require` calls with them, which a module has to be given. */
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/** How everything that Node runs is bundled. */
export const NODE_BUNDLE = {
  absWorkingDir: fileURLToPath(new URL("../", import.meta.url)),
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node22.18",
  // With native code, or loaded by few: they are resolved where they are installed.
  external: [
    "onnxruntime-node",
    "esbuild",
    "dockerode",
    "@aws-sdk/client-s3",
    "google-auth-library",
    "@azure/storage-blob",
    "@azure/identity",
  ],
  banner: { js: REQUIRE },
  logLevel: "warning",
} as const satisfies BuildOptions;
