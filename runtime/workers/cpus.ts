import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/** What {@link grantedCpus} reads; tests give their own. */
export interface CpuSources {
  /** Where the control groups are mounted. Default `/sys/fs/cgroup`. */
  readonly cgroupDir?: string;
  /** Logical CPUs this process may run on. Default: what the operating system says. */
  readonly parallelism?: number;
}

/**
 * CPUs that this process may use: of the machine's, as many as the container's quota grants, which the operating
 * system's own count does not know. May be a fraction, such as 0.5.
 */
export function grantedCpus(sources: CpuSources = {}): number {
  const cgroupDir = sources.cgroupDir ?? "/sys/fs/cgroup";
  const quota = quotaV2(cgroupDir) ?? quotaV1(cgroupDir) ?? Infinity;
  return Math.min(sources.parallelism ?? availableParallelism(), quota);
}

/** `cpu.max` is "<quota> <period>" in microseconds, or "max <period>". */
function quotaV2(cgroupDir: string): number | undefined {
  const [quota, period] = (read(join(cgroupDir, "cpu.max")) ?? "").split(/\s+/);
  return ratio(quota, period);
}

function quotaV1(cgroupDir: string): number | undefined {
  for (const folder of ["cpu", "cpu,cpuacct"]) {
    const quota = read(join(cgroupDir, folder, "cpu.cfs_quota_us"));
    const period = read(join(cgroupDir, folder, "cpu.cfs_period_us"));
    const cpus = ratio(quota, period);
    if (cpus !== undefined) return cpus;
  }
  return undefined;
}

/** Undefined where there is no limit: "max", or a quota of -1. */
function ratio(quota: string | undefined, period: string | undefined): number | undefined {
  const cpus = Number(quota) / Number(period);
  return cpus > 0 && Number.isFinite(cpus) ? cpus : undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Threads within one predict, so that workers times threads does not exceed the CPUs. */
export function defaultIntraOpThreads(workers: number, cpus: number = grantedCpus()): number {
  return Math.max(1, Math.floor(cpus / workers));
}
