import { mergeConfig } from "vitest/config";
import base from "../../vitest.config.ts";

/** Tests against a real Kubernetes with KServe, which the global set-up finds or starts. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: [] } },
  {
    test: {
      root: new URL("../../", import.meta.url).pathname,
      include: ["test/e2e/**/*.e2e.test.ts"],
      globalSetup: ["test/e2e/global-setup.ts"],
      // As long as `deploy` waits, and more.
      testTimeout: 400_000,
      // Images of runtimes are made by the first run that wants them, which takes minutes.
      hookTimeout: 1_200_000,
      // A node on shared cores drops a connection or is late now and then; a fault fails each time.
      retry: 2,
      // Two cores run the cluster, the pods and the tests.
      fileParallelism: false,
    },
  },
);
