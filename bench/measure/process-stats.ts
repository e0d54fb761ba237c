import { readFileSync, writeFileSync } from "node:fs";

const BYTES_PER_KB = 1024;
const BYTES_PER_MB = 1_000_000;
const MS_PER_TICK = 10;
const RESET_PEAK = "5";

/** Resident memory of a process in MB now (VmRSS) or at its peak (VmHWM); NaN where the system has no /proc. */
export function residentMb(pid: number, which: "VmRSS" | "VmHWM"): number {
  const status = readProc(pid, "status");
  const kilobytes = new RegExp(`^${which}:\\s*(\\d+)`, "m").exec(status)?.[1];
  return kilobytes === undefined ? NaN : (Number(kilobytes) * BYTES_PER_KB) / BYTES_PER_MB;
}

/** Makes the peak start again from what is resident now. */
export function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, RESET_PEAK);
  } catch {
    // Without /proc there is no peak to read either.
  }
}

/** Milliseconds of processor time a process has taken, all threads together; NaN where the system has no /proc. */
export function cpuMs(pid: number): number {
  const stat = readProc(pid, "stat");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11] ?? NaN) + Number(fields[12] ?? NaN)) * MS_PER_TICK;
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
