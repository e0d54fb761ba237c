import { defineConfig } from "kserve-ts";

export default defineConfig({
  // The classifier while you develop: `npm run remote`. In a cluster KServe names its own.
  server: { predictorHost: "localhost:8090" },
  test: { predictor: "remote" },
  deploy: {
    predictor: "sklearn",
    model: "s3://models/iris",
    transformer: { image: "registry.example.com/iris-transformer:1" },
  },
});
