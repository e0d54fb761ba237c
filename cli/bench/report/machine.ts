import { arch, cpus, platform, release, totalmem } from "node:os";
import { grantedCpus } from "../../../runtime/workers/cpus.ts";

/** What a figure depends on beside the code. */
export interface MachineFacts {
  readonly node: string;
  readonly system: string;
  readonly cpuModel: string;
  /** Logical CPUs of the machine. */
  readonly cpus: number;
  /** CPUs that this process may use: a container's quota grants fewer. */
  readonly grantedCpus: number;
  readonly memoryBytes: number;
}

/** Those of this machine. The load generator ran on it; the server as well, where it was started here. */
export function machineFacts(): MachineFacts {
  const all = cpus();
  return {
    node: process.versions.node,
    system: `${platform()} ${release()} ${arch()}`,
    cpuModel: all[0]?.model.trim() ?? "unknown",
    cpus: all.length,
    grantedCpus: grantedCpus(),
    memoryBytes: totalmem(),
  };
}
