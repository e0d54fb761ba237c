import { defineConfig } from "kserve-ts";

export default defineConfig({
  deploy: {
    minReplicas: 1,
    maxReplicas: 3,
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "256Mi" } },
  },
});
