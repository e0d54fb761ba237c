import { describe, expect, it } from "vitest";
import { KtsError } from "../../../contract/errors.ts";
import type { Check } from "../../../deployer/doctor/check.ts";
import { runChecks, skipAll } from "../../../deployer/doctor/run-checks.ts";

const fine: Check<string> = {
  name: "fine",
  run: async (subject) => ({ status: "ok", message: `${subject} is fine` }),
};
const never: Check<string> = { name: "never", run: () => new Promise(() => undefined) };
const throwing = (error: Error): Check<string> => ({ name: "throwing", run: () => Promise.reject(error) });

async function found(check: Check<string>) {
  const [finding] = await runChecks([check], "it");
  return finding;
}

describe("checks that run side by side", () => {
  it("give their findings in their order, and the time each took", async () => {
    const findings = await runChecks([fine, { ...fine, name: "other" }], "it");
    expect(findings.map(({ check, status, message }) => [check, status, message])).toEqual([
      ["fine", "ok", "it is fine"],
      ["other", "ok", "it is fine"],
    ]);
    for (const { durationMs } of findings) expect(durationMs).toBeGreaterThanOrEqual(0);
  });

  it("do not wait for one that does not end in time", async () => {
    const findings = await runChecks([never, fine], "it", { timeoutMs: 50 });
    expect(findings.map(({ status }) => status)).toEqual(["fail", "ok"]);
    expect(findings[0]?.message).toBe("there was no answer in time");
  });

  it("fail where they throw, with the error's advice", async () => {
    const error = new KtsError("KTS_KSERVE_MISSING", "there is no KServe", { hint: "Install it." });
    expect(await found(throwing(error))).toMatchObject({
      status: "fail",
      message: "there is no KServe",
      fix: "Install it.",
    });
    expect(await found(throwing(new Error("odd")))).toMatchObject({ status: "fail", message: "odd" });
  });

  it("are skipped where one may not look: it may be in order all the same", async () => {
    const error = new KtsError("KTS_CLUSTER_DENIED", "you may not list runtimes");
    expect(await found(throwing(error))).toMatchObject({
      status: "skipped",
      message: "you may not list runtimes",
    });
  });

  it("that cannot be made are skipped with the reason", () => {
    expect(skipAll([fine], "there is no cluster")).toEqual([
      { check: "fine", status: "skipped", message: "there is no cluster", durationMs: 0 },
    ]);
  });
});
