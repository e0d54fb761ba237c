import { isKtsError } from "../../../contract/errors.ts";
import type { Check } from "../../../deployer/doctor/check.ts";
import type { MachineSubject } from "../machine-checks.ts";

/** Whether a Docker engine answers. Its client is loaded where images are built alone. */
export const docker: Check<MachineSubject> = {
  name: "docker",
  async run({ env, settings, isAskedFor }, signal) {
    if (settings?.predictor !== "custom" && !isAskedFor("docker")) {
      return { status: "skipped", message: "only an image of your own is built with it" };
    }
    const { connectEngine } = await import("../../../builder/docker/client.ts");
    try {
      const { docker: engine } = await connectEngine(env, signal);
      const { Version: version } = await engine.version();
      return { status: "ok", message: `Docker ${version} answers` };
    } catch (error) {
      if (!isKtsError(error)) throw error;
      // Images are built without it as well.
      return { status: "warn", message: error.message, fix: error.hint };
    }
  },
};
