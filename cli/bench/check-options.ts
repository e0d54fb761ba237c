import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import type { BenchOptions } from "../commands/bench.ts";

/** @throws KtsError KTS_USAGE when options contradict each other, or the report could not be written minutes later */
export async function checkOptions({ sweep, url, rate, report }: BenchOptions): Promise<void> {
  if (sweep && url !== undefined) {
    throw new KtsError("KTS_USAGE", "--sweep starts the server anew in each setting, and that of --url is not ours", {
      hint: "Leave one of them out.",
    }); // prettier-ignore
  }
  if (sweep && rate !== undefined) {
    throw new KtsError("KTS_USAGE", "--sweep compares the knees of settings, and --rate looks for none", {
      hint: "Leave one of them out.",
    });
  }
  if (report !== undefined && !(await isFolder(dirname(report)))) {
    throw new KtsError("KTS_USAGE", `--report ${report}: there is no folder ${dirname(report)}`, {
      hint: "Make it first, or name a file elsewhere.",
    });
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
