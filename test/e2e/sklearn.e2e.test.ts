import { mlserverImage } from "./images/runtimes.ts";
import { askV2WhenLoaded, describeStandardModel } from "./standard-model.ts";

describeStandardModel({
  fixture: "iris-sklearn",
  predictor: "sklearn",
  runtimeImage: mlserverImage,
  settings: { protocolVersion: "v2" },
  // MLServer gives classes, unless probabilities are asked for by the output's name.
  ask: (client, name, example) => {
    const more = example.name === "probabilities" ? { outputs: [{ name: "predict_proba" }] } : {};
    return askV2WhenLoaded(client, name, { ...example, v2Request: { ...example.v2Request, ...more } });
  },
});
