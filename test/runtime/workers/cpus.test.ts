import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defaultIntraOpThreads, grantedCpus } from "../../../runtime/workers/cpus.ts";

let cgroupDir = "";
beforeEach(() => {
  cgroupDir = mkdtempSync(join(tmpdir(), "cgroup-"));
});
afterEach(() => {
  rmSync(cgroupDir, { recursive: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(cgroupDir, path)), { recursive: true });
  writeFileSync(join(cgroupDir, path), text);
}

describe("grantedCpus", () => {
  it("is the machine's without a quota", () => {
    expect(grantedCpus({ cgroupDir, parallelism: 8 })).toBe(8);
    write("cpu.max", "max 100000\n");
    expect(grantedCpus({ cgroupDir, parallelism: 8 })).toBe(8);
  });

  it.each([
    ["250000 100000\n", 2.5],
    ["50000 100000\n", 0.5],
    ["1600000 100000\n", 8],
  ])("is the quota of cgroup v2 %j, at most the machine's", (text, cpus) => {
    write("cpu.max", text);
    expect(grantedCpus({ cgroupDir, parallelism: 8 })).toBe(cpus);
  });

  it("is the quota of cgroup v1", () => {
    write("cpu,cpuacct/cpu.cfs_quota_us", "300000\n");
    write("cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    expect(grantedCpus({ cgroupDir, parallelism: 8 })).toBe(3);
    write("cpu/cpu.cfs_quota_us", "-1\n");
    write("cpu/cpu.cfs_period_us", "100000\n");
    expect(grantedCpus({ cgroupDir, parallelism: 2 })).toBe(2);
  });

  it("is at least one of this machine", () => {
    expect(grantedCpus()).toBeGreaterThan(0);
  });
});

describe("defaultIntraOpThreads", () => {
  it.each([
    [1, 8, 8],
    [3, 8, 2],
    [4, 2, 1],
    [1, 0.5, 1],
    [1, 2.9, 2],
  ])("of %d workers on %d CPUs is %d", (workers, cpus, threads) => {
    expect(defaultIntraOpThreads(workers, cpus)).toBe(threads);
  });
});
