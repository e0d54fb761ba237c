import { closeSync, constants, ftruncateSync, openSync, writeSync } from "node:fs";
import type { Environment } from "../verb.ts";

/** Where Kubernetes looks for the reason of a container's end, unless the pod says otherwise. */
const USUAL_PATH = "/dev/termination-log";

/** The kubelet reads this much. */
const MOST_BYTES = 4096;

/**
 * Leaves the reason of the process's end where `kubectl describe pod` shows it: in /dev/termination-log, or the file
 * that KSERVE_TS_TERMINATION_LOG names (a pod's `terminationMessagePath`). Does nothing where there is no such file,
 * as outside of a container.
 */
export function writeTerminationLog(text: string, env: Environment): void {
  const path = env["KSERVE_TS_TERMINATION_LOG"] || USUAL_PATH;
  try {
    // No O_CREAT: Kubernetes mounts the file, and nobody else wants one.
    const file = openSync(path, constants.O_WRONLY);
    try {
      ftruncateSync(file);
      writeSync(file, Buffer.from(text).subarray(0, MOST_BYTES));
    } finally {
      closeSync(file);
    }
  } catch {
    // There is none, or it cannot be written: the message is on stderr in any case.
  }
}
