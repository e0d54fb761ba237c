import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layOutJson } from "../../../cli/predict/lay-out-json.ts";

describe("JSON on a terminal", () => {
  it("stays on a line where it fits", () => {
    expect(layOutJson('{"predictions":[7,{"a":[]},{}]}', 80)).toBe('{"predictions": [7, {"a": []}, {}]}');
  });

  it("is broken where it does not fit", () => {
    expect(layOutJson('{"predictions":[{"digit":7,"score":0.99},{"digit":1,"score":0.5}]}', 40)).toBe(
      [
        "{",
        '  "predictions": [',
        '    {"digit": 7, "score": 0.99},',
        '    {"digit": 1, "score": 0.5}',
        "  ]",
        "}",
      ].join("\n"),
    );
  });

  it("fills lines with numbers", () => {
    const numbers = Array.from({ length: 12 }, (_, at) => at + 100);
    expect(layOutJson(JSON.stringify(numbers), 22)).toBe(
      ["[", "  100, 101, 102, 103,", "  104, 105, 106, 107,", "  108, 109, 110, 111", "]"].join("\n"),
    );
  });

  it("keeps every number and string as it was written", () => {
    const text = '[9007199254740993, 1.0, 1e400, "a\\u0041\\"]}, [", true, null]';
    expect(layOutJson(text, 200)).toBe(text);
    expect(layOutJson(text, 30).replaceAll(/\n\s*/g, " ").replace("[ ", "[").replace(" ]", "]")).toBe(text);
  });

  it("is the same value, whatever the width", () => {
    fc.assert(
      fc.property(fc.json(), fc.integer({ min: 1, max: 120 }), (text, width) => {
        expect(JSON.parse(layOutJson(text, width))).toEqual(JSON.parse(text));
      }),
    );
  });
});
