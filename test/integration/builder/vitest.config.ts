import { mergeConfig } from "vitest/config";
import integration from "../vitest.config.ts";

/** Tests against a real Docker engine and registry, which the rig finds or starts. */
export default mergeConfig(
  { ...integration, test: { ...integration.test, include: [], exclude: [] } },
  {
    test: {
      include: ["test/integration/builder/**/*.test.ts"],
      globalSetup: ["test/integration/docker/global-setup.ts"],
    },
  },
);
