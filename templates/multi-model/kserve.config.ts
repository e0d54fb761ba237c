import { defineConfig } from "kserve-ts";

export default defineConfig({
  // Each folder with a model or a predictor is a model of that name; these are settings of single ones.
  models: {
    iris: { batching: { maxBatchSize: 32, maxDelayMs: 0 } },
    loans: { workers: 1, timeoutMs: 2_000 },
  },
  deploy: {
    resources: { requests: { cpu: "200m", memory: "256Mi" }, limits: { memory: "512Mi" } },
  },
});
