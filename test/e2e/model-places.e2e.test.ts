import { mlserverImage } from "./images/runtimes.ts";
import { ociPlace, pvcPlace } from "./model-places.ts";
import { askV2, describeStandardModel } from "./standard-model.ts";

for (const place of [pvcPlace, ociPlace]) {
  describeStandardModel({
    fixture: "iris-xgboost",
    place,
    predictor: "xgboost",
    runtimeImage: mlserverImage,
    runtime: "kserve-mlserver",
    settings: { protocolVersion: "v2" },
    ask: askV2,
  });
}
