import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MODELS } from "../temp-model.ts";
import { savedModel } from "./files.ts";
import { pack, pathsOf, refusal, warningsOf } from "./pack.ts";

const DIGITS = readFileSync(join(MODELS, "digits-tensorflow/model/1/saved_model.pb"));
const INDEX = "variables/variables.index";
const DATA = "variables/variables.data-00000-of-00002";

describe("a SavedModel", () => {
  it("keeps the numbers of its versions; other folders stay behind", async () => {
    const files = { "7/saved_model.pb": savedModel(), "12/saved_model.pb": savedModel(), "notes/a.txt": "x" };
    expect(pathsOf(await pack(files))).toEqual(["12/saved_model.pb", "7/saved_model.pb"]);
  });

  it("without serving_default is warned of, with what it has", async () => {
    const model = await pack({
      "saved_model.pb": savedModel({ signatures: ["score", "__saved_model_init_op"] }),
    });
    expect(warningsOf(model)).toContain("has no signature serving_default (it has score)");
  });

  it("without the tag serve is refused", async () => {
    const error = await refusal({ "saved_model.pb": savedModel({ tags: ["train", "gpu"] }) });
    expect(error.message).toContain("expected a graph with the tag serve, got tags train+gpu");
  });

  it("without its weights is refused", async () => {
    const error = await refusal({ "saved_model.pb": DIGITS });
    expect(error.message).toContain(
      "expected its weights beside it, in variables/variables.index, got no such file",
    );
  });

  it("with some of its weights' files is refused", async () => {
    const error = await refusal({
      "1/saved_model.pb": savedModel({ restores: true }),
      [`1/${INDEX}`]: "x",
      [`1/${DATA}`]: "x",
    });
    expect(error.message).toContain("expected 2 files variables/variables.data-*, got 1");
    const none = await refusal({ "1/saved_model.pb": savedModel({ restores: true }), [`1/${INDEX}`]: "x" });
    expect(none.message).toContain("expected weights in variables/variables.data-*, got none");
  });

  it("that is cut short or empty is refused", async () => {
    const short = await refusal({ "saved_model.pb": DIGITS.subarray(0, 9000) });
    expect(short.message).toContain("expected a whole SavedModel, got one that is cut short or damaged");
    expect((await refusal({ "saved_model.pb": "" })).message).toContain(
      "expected a SavedModel, got an empty file",
    );
  });

  it("of a TensorFlow newer than KServe's server is warned of, unless the runtime is one's own", async () => {
    const files = { "saved_model.pb": DIGITS, [INDEX]: "x", "variables/variables.data-00000-of-00001": "x" };
    expect(warningsOf(await pack(files))).toContain("was written by TensorFlow 2.18.1");
    expect(warningsOf(await pack(files, { ownRuntime: true }))).toBe("");
    expect(warningsOf(await pack({ "saved_model.pb": savedModel() }))).toBe("");
  });

  it("given as its file alone is refused", async () => {
    const error = await refusal(
      { "saved_model.pb": savedModel() },
      { path: join(MODELS, "digits-tensorflow/model/1/saved_model.pb") },
    );
    expect(error.message).toContain("expected the folder of a SavedModel, got a file alone");
    expect(error.hint).toContain("Give the folder that it lies in");
  });
});
