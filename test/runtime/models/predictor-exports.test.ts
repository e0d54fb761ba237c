import { describe, expect, it } from "vitest";
import { z } from "zod";
import { definePredictor } from "../../../contract/define-predictor.ts";
import { KtsError } from "../../../contract/errors.ts";
import { predictorFromExports } from "../../../runtime/models/predictor-exports.ts";

const withModel = { file: "predictor.ts", hasModelFile: true, modelDir: "/m" };
const withoutModel = { ...withModel, hasModelFile: false };
const predict = () => 1;

function refusal(exports: Record<string, unknown>, context = withModel): string {
  try {
    predictorFromExports(exports, context);
  } catch (error) {
    expect(error).toBeInstanceOf(KtsError);
    expect((error as KtsError).code).toBe("KTS_PREDICTOR_INVALID");
    return (error as KtsError).message;
  }
  throw new Error("it was accepted");
}

describe("predictorFromExports", () => {
  it("takes named exports, and leaves others alone", () => {
    const helper = () => 2;
    expect(predictorFromExports({ predict, helper }, withoutModel)).toEqual({ predict });
  });

  it("takes a default export made by definePredictor", () => {
    const whole = definePredictor({ timeoutMs: 5, predict: () => "x" });
    expect(predictorFromExports({ default: whole }, withoutModel).predict?.(undefined, [], {} as never)).toBe(
      "x",
    );
  });

  it("takes an instance of a class, whose methods use this", () => {
    class Own {
      word = "kept";
      predict() {
        return this.word;
      }
    }
    const predictor = predictorFromExports({ default: new Own() }, withoutModel);
    expect(predictor.predict?.(undefined, [], {} as never)).toBe("kept");
  });

  it("takes a CommonJS module, whose members appear both ways", () => {
    const members = { predict };
    expect(predictorFromExports({ default: members, predict }, withoutModel).predict).toBeTypeOf("function");
  });

  it("takes policy, signature and schema", () => {
    const inputs = [{ name: "x", datatype: "FP32", shape: [-1, 2], optional: true }];
    const instance = z.object({});
    const exports = { predict, inputs, instance, timeoutMs: 10, concurrency: 3, execution: "inline" };
    expect(predictorFromExports(exports, withoutModel)).toEqual(exports);
  });

  it.each([true, false, {}, { maxBatchSize: 1 }, { maxBatchSize: 8, maxDelayMs: 0.5 }])(
    "takes batching %j from both forms",
    (batching) => {
      expect(predictorFromExports({ predict, batching }, withoutModel).batching).toEqual(batching);
      expect(predictorFromExports({ default: { predict, batching } }, withoutModel).batching).toEqual(
        batching,
      );
    },
  );

  it.each([
    ["preprocess", "preProcess"],
    ["pre_process", "preProcess"],
    ["post_process", "postProcess"],
    ["Predict", "predict"],
    ["predct", "predict"],
    ["onLoad", "load"],
    ["timeout", "timeoutMs"],
    ["timeout_ms", "timeoutMs"],
    ["input", "inputs"],
    ["bathcing", "batching"],
    ["Batching", "batching"],
  ])("asks whether %s was meant to be %s", (name, meant) => {
    const exports = { ...(meant === "predict" ? {} : { predict }), [name]: predict };
    expect(refusal(exports)).toBe(
      `predictor.ts exports ${name}, which means nothing here; did you mean ${meant}?`,
    );
    expect(refusal({ default: exports })).toContain(`did you mean ${meant}?`);
  });

  it("refuses a default and named exports at once", () => {
    expect(refusal({ default: { predict }, load: predict, helper: 1 })).toBe(
      "predictor.ts exports a default predictor and load by name; keep one of the two",
    );
  });

  it.each([
    [{ default: predict }, "exports default as a function, expected what definePredictor({ ... }) gives"],
    [{ predict: 5 }, "exports predict as the number 5, expected a function"],
    [
      { predict, timeoutMs: -1 },
      "exports timeoutMs as the number -1, expected a number of milliseconds above 0",
    ],
    [{ predict, timeoutMs: "5s" }, 'exports timeoutMs as the string "5s"'],
    [{ predict, concurrency: 1.5 }, "exports concurrency as the number 1.5, expected an integer above 0"],
    [
      { predict, execution: "thread" },
      'exports execution as the string "thread", expected "worker" or "inline"',
    ],
    [{ predict, batching: 5 }, "exports batching as the number 5, expected true, false or { maxBatchSize"],
    [
      { predict, batching: { maxBatch: 5 } },
      "exports batching.maxBatch as the number 5, expected only maxBatchSize and maxDelayMs",
    ],
    [
      { predict, batching: { maxBatchSize: 0 } },
      "exports batching.maxBatchSize as the number 0, expected an integer above 0",
    ],
    [
      { predict, batching: { maxDelayMs: -1 } },
      "exports batching.maxDelayMs as the number -1, expected a number of milliseconds, 0 or more",
    ],
    [{ predict, instance: {} }, "exports instance as an empty object, expected a schema"],
  ])("refuses %o", (exports, message) => {
    expect(refusal(exports)).toContain(`predictor.ts ${message}`);
  });

  it.each([
    ["x", "inputs: expected a list of { name, datatype, shape }, got the string"],
    [[{ name: "", datatype: "FP32", shape: [] }], 'inputs[0].name: expected a name, got the string ""'],
    [[{ name: "x", datatype: "float32", shape: [] }], 'got the string "float32"; did you mean FP32?'],
    [[{ name: "x", datatype: "fp16", shape: [] }], "did you mean FP16?"],
    [[{ name: "x", datatype: "FP32", shape: [-2] }], "inputs[0].shape: expected a list of lengths"],
    [
      [{ name: "x", datatype: "FP32", shape: [1], optional: "yes" }],
      "inputs[0].optional: expected true or false",
    ],
    [
      [
        { name: "x", datatype: "FP32", shape: [] },
        { name: "x", datatype: "FP32", shape: [] },
      ],
      "inputs[1].name: x is there twice",
    ],
  ])("refuses inputs %j", (inputs, message) => {
    expect(refusal({ predict, inputs })).toContain(message);
  });

  it("says what to export when nothing can predict", () => {
    expect(refusal({}, withoutModel)).toBe(
      "predictor.ts exports no predict, and there is no model file (*.onnx, saved_model.pb, model.json of TensorFlow.js) in /m for an engine to run",
    );
    expect(refusal({ load: predict })).toContain("exports load but no predict");
    expect(predictorFromExports({ postProcess: predict }, withModel)).toEqual({ postProcess: predict });
  });
});
