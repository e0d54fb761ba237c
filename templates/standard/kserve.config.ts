import { defineConfig } from "kserve-ts";

export default defineConfig({
  deploy: {
    predictor: "sklearn",
    model: "model/model.joblib",
    minReplicas: 1,
    maxReplicas: 3,
    resources: { requests: { cpu: "200m", memory: "512Mi" }, limits: { memory: "1Gi" } },
  },
  targets: {
    staging: { namespace: "models", store: "s3://models/staging" },
  },
});
