import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseVersions, policyOf, readTritonConfig } from "../../../runtime/models/version-policy.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "policy-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("the versions to serve", () => {
  const there = ["10", "3", "2"];
  it.each([
    ["latest", "latest", ["10"], []],
    ["all", "all", there, []],
    ["a list", [2, 10], ["10", "2"], []],
    ["a list with one that is not there", [3, 4], ["3"], [4]],
    ["a list of none that is there", [7], [], [7]],
  ] as const)("by %s", (_what, setting, chosen, missing) => {
    expect(chooseVersions(there, policyOf(setting))).toEqual({ chosen, missing });
  });

  it("are as many of the newest as a policy says", () => {
    expect(chooseVersions(there, { newest: 2 }).chosen).toEqual(["10", "3"]);
  });
});

describe("Triton's config.pbtxt", () => {
  it.each([
    ["version_policy: { latest { num_versions: 2}}", { newest: 2 }],
    ["version_policy { latest: { } }", { newest: 1 }],
    ["version_policy: { all { }}", "all"],
    ["version_policy: { specific: { versions: [1, 3] } }", [1, 3]],
    ["version_policy: { specific { versions: 1 versions: 3 } }", [1, 3]],
    ['# version_policy: { all {} }\nname: "m"', undefined],
  ])("of %j", async (text, policy) => {
    writeFileSync(join(folder, "config.pbtxt"), text);
    expect(await readTritonConfig(folder)).toEqual({ policy });
  });

  it("is nothing where there is none", async () => {
    expect(await readTritonConfig(folder)).toBeUndefined();
  });
});
