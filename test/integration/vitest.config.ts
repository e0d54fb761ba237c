import { mergeConfig } from "vitest/config";
import base from "../../vitest.config.ts";

/** Tests against programs that are not of npm: they are installed by the first run, which takes minutes. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: [] } },
  {
    test: {
      root: new URL("../../", import.meta.url).pathname,
      include: ["test/integration/**/*.test.ts"],
      // They have configurations of their own, with an engine that is started or a package that is packed for them.
      exclude: ["test/integration/builder/**", "test/integration/package/**"],
      testTimeout: 180_000,
      hookTimeout: 900_000,
      fileParallelism: false,
    },
  },
);
