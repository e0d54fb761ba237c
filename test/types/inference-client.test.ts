import { describe, expect, it } from "vitest";
import { typeErrors } from "./type-errors.ts";

describe("InferenceClient's types", () => {
  it("claim nothing that the caller does not, and refuse each wrong use", { timeout: 60_000 }, () => {
    expect(typeErrors("test/types/inference-client.types.ts")).toEqual([]);
  });
});
