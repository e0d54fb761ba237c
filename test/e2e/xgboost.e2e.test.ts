import { mlserverImage } from "./images/runtimes.ts";
import { askV2, describeStandardModel } from "./standard-model.ts";

describeStandardModel({
  fixture: "iris-xgboost",
  predictor: "xgboost",
  runtimeImage: mlserverImage,
  runtime: "kserve-mlserver",
  settings: { protocolVersion: "v2" },
  // Its readiness is asked for, so that Ready is to mean that the model is loaded.
  ask: askV2,
});
