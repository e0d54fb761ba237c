import { mergeConfig } from "vitest/config";
import base from "../../vitest.config.ts";

/** Tests against programs that are not of npm: they are installed by the first run, which takes minutes. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: [] } },
  {
    test: {
      root: new URL("../../", import.meta.url).pathname,
      include: ["test/integration/**/*.test.ts"],
      // They have a configuration of their own, which starts an engine for them.
      exclude: ["test/integration/builder/**"],
      testTimeout: 180_000,
      hookTimeout: 900_000,
      fileParallelism: false,
    },
  },
);
