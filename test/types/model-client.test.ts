import { describe, expect, it } from "vitest";
import { typeErrors } from "./type-errors.ts";

describe("the types of a model's client", () => {
  it("follow the model's declaration, and refuse each wrong use", { timeout: 60_000 }, () => {
    expect(typeErrors("test/types/model-client.types.ts")).toEqual([]);
  });
});
