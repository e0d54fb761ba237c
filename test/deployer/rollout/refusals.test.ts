import { describe, expect, it } from "vitest";
import { parseVersion } from "../../../deployer/kserve-version.ts";
import { notFound } from "../../../deployer/rollout/service/find-service.ts";
import { requireStop } from "../../../deployer/rollout/stop-service.ts";
import { problemOf } from "../problem-of.ts";

describe("an InferenceService that is not there", () => {
  it("is missed with what there is, and the name that was likely meant", () => {
    const error = notFound("digit", "models", ["digits", "flowers"]);
    expect(error.message).toBe("no InferenceService digit in namespace models: there are digits, flowers");
    expect(error.hint).toBe("Did you mean digits?");
    expect(notFound("x", "models", []).message).toBe(
      "no InferenceService x in namespace models: there is none",
    );
  });

  it("is missed with the first names of many", () => {
    const names = Array.from({ length: 10 }, (_, position) => `model-${position}`);
    expect(notFound("flowers", "models", names).message).toMatch(
      /: there are model-0, .*, model-7 and 2 more$/,
    );
  });
});

describe("stopping", () => {
  it("is refused by a KServe that has no such state, with since when there is one", () => {
    expect(problemOf(() => requireStop({ version: parseVersion("v0.15.1") }, "digits"))).toBe(
      "digits cannot be stopped or started: KServe v0.15.1 has no such state (there is one since v0.15.2), " +
        "and its autoscaler keeps a replica at least",
    );
    expect(problemOf(() => requireStop({ version: parseVersion("v0.15.2") }, "digits"))).toBe("");
  });
});
