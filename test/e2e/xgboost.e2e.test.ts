import { mlserverImage } from "./images/runtimes.ts";
import { askV2, describeStandardModel } from "./standard-model.ts";

describeStandardModel({
  fixture: "iris-xgboost",
  predictor: "xgboost",
  runtimeImage: mlserverImage,
  runtime: "kserve-mlserver",
  settings: { protocolVersion: "v2" },
  ask: askV2,
});
