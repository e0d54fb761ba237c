import type { Check } from "../../../deployer/doctor/check.ts";
import type { MachineSubject } from "../machine-checks.ts";

/** Which Node this is; one that is too old does not come so far. */
export const node: Check<MachineSubject> = {
  name: "node",
  run: async () => ({
    status: "ok",
    message: `Node ${process.version} on ${process.platform} ${process.arch}`,
  }),
};
