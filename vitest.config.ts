import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: {
      "kserve-ts/client": new URL("./client/index.ts", import.meta.url).pathname,
      "kserve-ts/runtime": new URL("./runtime/index.ts", import.meta.url).pathname,
      "kserve-ts/deployer": new URL("./deployer/index.ts", import.meta.url).pathname,
      "kserve-ts": new URL("./contract/index.ts", import.meta.url).pathname,
    },
  },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/integration/**", "test/e2e/**", "test/tfjs/**", "**/node_modules/**"],
    testTimeout: 20_000,
    restoreMocks: true,
  },
});
