import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { textContent } from "../../../../deployer/artifacts/content.ts";
import { packageModel } from "../../../../deployer/artifacts/package-model.ts";
import { zipContent } from "../../../../deployer/artifacts/zip/zip-writer.ts";
import { MODELS, bytesOf, failure, tempModel } from "../temp-model.ts";
import { pack, pathsOf, refusal, warningsOf } from "./pack.ts";

const SOURCE = join(MODELS, "digits-pytorch/source");
const MAR = readFileSync(join(MODELS, "digits-pytorch/model/model-store/digits.mar"));
const TORCH_SERVE = { handler: join(SOURCE, "handler.py"), modelFile: join(SOURCE, "model.py") };

const packWeights = (name: string, torchServe?: object) =>
  packageModel({
    path: join(SOURCE, name),
    modelName: "digits",
    ...(torchServe !== undefined && { torchServe: torchServe as never }),
  });

const zipOf = async (files: Record<string, string>) =>
  bytesOf(
    await zipContent(Object.entries(files).map(([name, text]) => ({ name, content: textContent(text) }))),
  );

describe("weights of PyTorch", () => {
  it("become an archive and a config.properties with its version", async () => {
    const model = await packWeights("model.pt", { ...TORCH_SERVE, version: "3.1" });
    expect(pathsOf(model)).toEqual(["config/config.properties", "model-store/digits.mar"]);
    const config = (await bytesOf(model.files[0]!.content)).toString();
    expect(config).toContain('"models":{"digits":{"3.1":{"defaultVersion":true,"marName":"digits.mar"');
    expect(warningsOf(model)).toContain("has a pickle in it");
  });

  it("have the same hash each time, and another for another handler", async () => {
    const [first, again] = [
      await packWeights("model.pt", TORCH_SERVE),
      await packWeights("model.pt", TORCH_SERVE),
    ];
    expect(again.contentHash).toBe(first.contentHash);
    const other = await packWeights("model.pt", { ...TORCH_SERVE, handler: "image_classifier" });
    expect(other.contentHash).not.toBe(first.contentHash);
  });

  it("need a handler, and the class where they are a state dict", async () => {
    expect((await failure(() => packWeights("model.pt"))).message).toContain(
      "expected a handler beside the weights",
    );
    const { handler } = TORCH_SERVE;
    const error = await failure(() => packWeights("model.pt", { handler }));
    expect(error.message).toContain("expected the file with the model's class, as these are weights alone");
    expect((await packWeights("model_scripted.pt", { handler })).format).toBe("pytorch");
  });

  it("that hold a whole model are warned of", async () => {
    const model = await pack(
      { "model.pt": await zipOf({ "model/data.pkl": "cnet\nDigitsNet\n(tR.", "model/version": "3" }) },
      { torchServe: TORCH_SERVE },
    );
    expect(warningsOf(model)).toContain(
      "holds a whole model, not its weights: loading it imports net.DigitsNet",
    );
  });

  it("that would run a command are refused", async () => {
    const bytes = await zipOf({ "model/data.pkl": "cposix\nsystem\n(S'x'\ntR.", "model/version": "3" });
    const error = await refusal({ "model.pt": bytes }, { torchServe: TORCH_SERVE });
    expect(error.message).toContain("got one that calls posix.system when it is loaded");
  });

  it("that are cut short are refused", async () => {
    const whole = readFileSync(join(SOURCE, "model.pt"));
    const error = await refusal({ "model.pt": whole.subarray(0, 20_000) }, { torchServe: TORCH_SERVE });
    expect(error.message).toContain(
      "expected a whole file of PyTorch, got a zip that is cut short or damaged",
    );
  });
});

describe("a TorchServe archive", () => {
  it("alone gets a config.properties that starts it by its own name and version", async () => {
    const model = await pack({ "digits.mar": MAR });
    expect(pathsOf(model)).toEqual(["config/config.properties", "model-store/digits.mar"]);
    expect((await bytesOf(model.files[0]!.content)).toString()).toContain(
      '"digits":{"1.0":{"defaultVersion":true',
    );
    expect(model.servedAs).toEqual(["digits"]);
    expect(warningsOf(model)).toContain("is served as digits, as its archive says, not as m");
  });

  it("with a config.properties that starts another is refused", async () => {
    const config = 'model_snapshot={"models":{"x":{"1.0":{"marName":"x.mar"}}}}';
    const error = await refusal({ "model-store/digits.mar": MAR, "config/config.properties": config });
    expect(error.message).toContain('expected a marName of model-store/: digits.mar, got "x.mar" for x');
  });

  it.each([
    [
      "whose handler is absent",
      { modelName: "a", handler: "h.py" },
      "expected h.py, which its manifest names",
    ],
    [
      "whose weights are absent",
      { modelName: "a", handler: "base_handler", serializedFile: "w.pt" },
      "expected w.pt",
    ],
    ["without a handler", { modelName: "a" }, "expected model.modelName and model.handler"],
  ])("%s is refused", async (_, model, reason) => {
    const bytes = await zipOf({ "MAR-INF/MANIFEST.json": JSON.stringify({ model }) });
    await using folder = await tempModel({ "a.mar": bytes });
    const error = await failure(() => packageModel({ path: folder.file("a.mar"), modelName: "a" }));
    expect(error.message).toContain(reason);
  });

  it("that is cut short is refused", async () => {
    expect((await refusal({ "a.mar": MAR.subarray(0, 9000) })).message).toContain("one that is cut short");
  });
});
