import { describe, expect, it } from "vitest";
import { hasFeature, parseVersion, versionText } from "../../deployer/kserve-version.ts";
import { problemOf } from "./problem-of.ts";

describe("a release of KServe", () => {
  it.each([
    ["v0.20.0", "v0.20.0"],
    ["0.16", "v0.16.0"],
    ["v0.15.2-rc1", "v0.15.2"],
    ["1.0.0", "v1.0.0"],
  ])("%s is %s", (text, version) => {
    expect(versionText(parseVersion(text))).toBe(version);
  });

  it("is refused where it is none, or too old", () => {
    expect(problemOf(() => parseVersion("latest"))).toMatch(/such as v0\.20\.0, got "latest"/);
    expect(problemOf(() => parseVersion("v0.8.0"))).toBe("KServe v0.8.0 is older than v0.9.0");
  });

  it("has what came with it or before", () => {
    expect(hasFeature([0, 15, 1], "noAutoscaler")).toBe(false);
    expect(hasFeature([0, 15, 2], "noAutoscaler")).toBe(true);
    expect(hasFeature([1, 0, 0], "standardCanary")).toBe(true);
  });
});
