import { defineConfig } from "vitest/config";
import base from "../../vitest.config.ts";

const { exclude: _exclude, ...test } = base.test ?? {};

/** TensorFlow takes 400 MB a process, so the files run one after the other. */
export default defineConfig({
  ...base,
  test: { ...test, include: ["test/tfjs/**/*.test.ts"], testTimeout: 60_000, fileParallelism: false },
});
