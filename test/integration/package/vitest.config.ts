import { mergeConfig } from "vitest/config";
import integration from "../vitest.config.ts";

/** Tests of the package as npm installs it: it is packed once, and installed by each test that wants it. */
export default mergeConfig(
  { ...integration, test: { ...integration.test, include: [], exclude: [] } },
  {
    test: {
      include: ["test/integration/package/**/*.test.ts"],
      globalSetup: ["test/integration/package/global-setup.ts"],
      testTimeout: 600_000,
    },
  },
);
