import { versionText } from "../../kserve-version.ts";
import type { Check, ClusterSubject } from "../check.ts";

/** Whether KServe is there, and which release. */
export const kserve: Check<ClusterSubject> = {
  name: "kserve",
  async run({ facts }, signal) {
    const { version, versionFrom, configRead } = await facts(signal);
    const message = `KServe ${versionText(version)}, by the ${versionFrom}`;
    if (configRead) return { status: "ok", message };
    return {
      status: "warn",
      message: `${message}; its ConfigMap cannot be read, so its settings are taken to be those it ships with`,
      fix: "Ask for the permission to get the ConfigMap inferenceservice-config in KServe's namespace.",
    };
  },
};
