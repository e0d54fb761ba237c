import { describe, expect, it } from "vitest";
import type { TensorSpec } from "../../../../contract/signature.ts";
import { editorsOf, imageLayout } from "../../../../runtime/playground/page/signature.ts";

function editors(shape: readonly number[], datatype: TensorSpec["datatype"] = "FP32"): readonly string[] {
  return editorsOf({ name: "x", datatype, shape });
}

describe("how an input is given", () => {
  it.each([
    [[-1, 28, 28]],
    [[-1, 1, 28, 28]],
    [[-1, 28, 28, 1]],
    [[-1, 224, 224, 3]],
    [[1, 3, 64, 48]],
    [[-1, -1, -1, 3]],
  ])("is by drawing or an image for %j", (shape) => expect(editors(shape)[0]).toBe("image"));

  it.each([[[-1, 4]], [[-1]], [[-1, 4, 4]], [[2, 30]]])("is by a table for %j", (shape) => {
    expect(editors(shape)).toEqual(["grid", "json"]);
  });

  it("is by JSON alone for what is too large for a table", () => {
    expect(editors([-1, 1000])).toEqual(["json"]);
    expect(editors([500, 4])).toEqual(["json"]);
    expect(editors([-1, 2, 30, 30])).toEqual(["json"]);
  });

  it("is by text for BYTES, which are no image", () => {
    expect(editors([-1], "BYTES")[0]).toBe("text");
    expect(editors([-1, 1], "BYTES")[0]).toBe("text");
    expect(editors([-1, 3], "BYTES")).toEqual(["grid", "json"]);
    expect(editors([-1, 28, 28], "BYTES")).toEqual(["json"]);
  });
});

describe("an image's layout", () => {
  it("is told by its dimensions", () => {
    expect(imageLayout([28, 20])).toEqual({ height: 28, width: 20, channels: 1, isPlanar: false });
    expect(imageLayout([3, 28, 20])).toEqual({ height: 28, width: 20, channels: 3, isPlanar: true });
    expect(imageLayout([28, 20, 4])).toEqual({ height: 28, width: 20, channels: 4, isPlanar: false });
    expect(imageLayout([-1, -1])).toBeUndefined();
    expect(imageLayout([5, 28, 28])).toBeUndefined();
    expect(imageLayout([28])).toBeUndefined();
  });
});
