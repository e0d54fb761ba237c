import { mlserverImage } from "./images/runtimes.ts";
import { ociPlace, pvcPlace, s3Place } from "./model-places.ts";
import { askV2, describeStandardModel } from "./standard-model.ts";

// The cheapest kind shows every place that a model may lie in.
for (const place of [s3Place, pvcPlace, ociPlace]) {
  describeStandardModel({
    fixture: "iris-sklearn",
    place,
    predictor: "sklearn",
    runtimeImage: mlserverImage,
    settings: { protocolVersion: "v2" },
    // MLServer gives classes, unless probabilities are asked for by the output's name.
    ask: (client, name, example) => {
      const more = example.name === "probabilities" ? { outputs: [{ name: "predict_proba" }] } : {};
      return askV2(client, name, { ...example, v2Request: { ...example.v2Request, ...more } });
    },
  });
}
