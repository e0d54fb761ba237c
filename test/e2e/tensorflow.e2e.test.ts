import { tensorflowImage } from "./images/runtimes.ts";
import { askV1, describeStandardModel } from "./standard-model.ts";

describeStandardModel({
  fixture: "mnist-shape-tensorflow",
  name: "mnist",
  predictor: "tensorflow",
  runtimeImage: tensorflowImage,
  ask: askV1,
});
