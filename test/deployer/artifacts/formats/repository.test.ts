import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MODELS } from "../temp-model.ts";
import { onnxModel, safetensors } from "./files.ts";
import { pack, pathsOf, refusal, warningsOf } from "./pack.ts";

const SCRIPTED = readFileSync(join(MODELS, "digits-pytorch/source/model_scripted.pt"));
const WEIGHTS = readFileSync(join(MODELS, "digits-pytorch/source/model.pt"));

describe("an ONNX model", () => {
  it("is laid out for Triton, with its external weights beside it, under the model's name", async () => {
    const files = { "net.onnx": onnxModel({ location: "data/w.bin", length: 8 }), "data/w.bin": "12345678" };
    const model = await pack(files, { modelName: "digits" });
    expect(pathsOf(model)).toEqual(["digits/1/data/w.bin", "digits/1/model.onnx"]);
    expect(model.servedAs).toEqual(["digits"]);
    expect(model.frameworks).toEqual({ pytorch: "2.4.1" });
  });

  it("with external weights that are cut short, or elsewhere, is refused", async () => {
    const short = await refusal({
      "net.onnx": onnxModel({ location: "w.bin", length: 9 }),
      "w.bin": "12345678",
    });
    expect(short.message).toContain("expected at least 9 bytes of weights, got 8: it is cut short");
    const outside = await refusal({ "net.onnx": onnxModel({ location: "../../etc/passwd" }) });
    expect(outside.message).toContain(
      'expected weights in a file below its own folder, got "../../etc/passwd"',
    );
  });

  it("of a newer opset is refused for the release's Triton, and left to a runtime of one's own", async () => {
    const files = { "net.onnx": onnxModel({ opset: 16 }) };
    const error = await refusal(files, { kserveVersion: "0.10" });
    expect(error.message).toContain(
      "expected opset 15 at most, for Triton 21.09 of KServe v0.10, got opset 16",
    );
    expect(pathsOf(await pack(files, { kserveVersion: "0.11" }))).toEqual(["m/1/model.onnx"]);
    const newest = { "net.onnx": onnxModel({ opset: 24 }) };
    expect(pathsOf(await pack(newest, { ownRuntime: true }))).toEqual(["m/1/model.onnx"]);
  });
});

describe("a Triton repository", () => {
  it("of one model gets a folder of its name", async () => {
    const model = await pack({ "config.pbtxt": 'name: "m"', "1/model.onnx": onnxModel() });
    expect(pathsOf(model)).toEqual(["m/1/model.onnx", "m/config.pbtxt"]);
  });

  it("serves each folder under its own name", async () => {
    const model = await pack({ "a/1/model.onnx": onnxModel(), "b/3/model.onnx": onnxModel() });
    expect(model.servedAs).toEqual(["a", "b"]);
  });

  it("with another name in config.pbtxt is refused", async () => {
    const error = await refusal({ "net/config.pbtxt": 'name: "other"', "net/1/model.onnx": onnxModel() });
    expect(error.message).toContain(
      'expected name: "net", as the model\'s folder is called in the store, got "other"',
    );
  });

  it("without a folder per version is refused", async () => {
    const error = await refusal({ "net/config.pbtxt": "", "net/model.onnx": onnxModel() });
    expect(error.message).toContain(
      "expected a folder per version with the model in it, such as 1/model.onnx",
    );
  });

  it("has its models verified", async () => {
    const broken = await refusal({ "net/1/model.onnx": "text" });
    expect(broken.message).toContain("expected an ONNX model, got text");
  });

  it("takes TorchScript with a config.pbtxt, and nothing else of PyTorch", async () => {
    const config = { "net/config.pbtxt": 'platform: "pytorch_libtorch"' };
    expect(pathsOf(await pack({ ...config, "net/1/model.pt": SCRIPTED }))).toHaveLength(2);
    const bare = await refusal({ "net/1/model.pt": SCRIPTED });
    expect(bare.message).toContain("expected a config.pbtxt that names its inputs and outputs");
    const weights = await refusal({ ...config, "net/1/model.pt": WEIGHTS });
    expect(weights.message).toContain("expected a TorchScript file, got a file of torch.save");
  });
});

describe("a Hugging Face model", () => {
  const config = {
    "config.json": '{"model_type":"bert","transformers_version":"4.44.0"}',
    "tokenizer.json": "{}",
  };

  it("is taken as it is", async () => {
    const model = await pack({ ...config, "model.safetensors": safetensors(16) });
    expect(pathsOf(model)).toEqual(["config.json", "model.safetensors", "tokenizer.json"]);
    expect(model.frameworks).toEqual({ transformers: "4.44.0" });
    expect(warningsOf(model)).toBe("");
  });

  it("whose safetensors are cut short is refused", async () => {
    const whole = safetensors(16);
    const error = await refusal({ ...config, "model.safetensors": whole.subarray(0, -3) });
    expect(error.message).toContain(
      `expected ${whole.length} bytes, as its header says, got ${whole.length - 3}`,
    );
  });

  it("without all the files of its index, or any weights, is refused", async () => {
    const index = {
      "model.safetensors.index.json": '{"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors"}}',
    };
    const some = await refusal({ ...config, ...index, "m-1.safetensors": safetensors(1) });
    expect(some.message).toContain(
      "expected the 2 files of weights that it lists, got all but m-2.safetensors",
    );
    expect((await refusal(config)).message).toContain(
      "expected weights: model.safetensors or pytorch_model.bin",
    );
  });

  it("with pickled weights, or without a tokenizer, is warned of", async () => {
    const model = await pack({ "config.json": config["config.json"], "pytorch_model.bin": WEIGHTS });
    expect(warningsOf(model)).toContain("is a pickle");
    expect(warningsOf(model)).toContain("has no tokenizer");
  });

  it("is refused before KServe 0.12, which has no runtime for it", async () => {
    const error = await refusal(
      { ...config, "model.safetensors": safetensors(1) },
      { kserveVersion: "v0.11.2" },
    );
    expect(error.message).toContain(
      "expected KServe v0.12 or newer, which has a Hugging Face runtime, got v0.11",
    );
  });
});
