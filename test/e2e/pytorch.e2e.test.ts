import { join } from "node:path";
import { ROOT } from "../cli/run-cli.ts";
import { torchServeImage } from "./images/runtimes.ts";
import { askV1, describeStandardModel } from "./standard-model.ts";

const SOURCE = join(ROOT, "test/fixtures/models/digits-pytorch/source");

// The archive and its config.properties are ours, made of these.
describeStandardModel({
  fixture: "digits-pytorch",
  path: "source/model.pt",
  name: "digits",
  predictor: "pytorch",
  runtimeImage: torchServeImage,
  settings: { torchServe: { modelClass: join(SOURCE, "model.py"), handler: join(SOURCE, "handler.py") } },
  ask: askV1,
});
