import { readFile } from "node:fs/promises";
import { RESOURCES } from "../../cluster/resources.ts";
import { membersOf, textOf } from "../../members.ts";
import { readSecretFiles } from "../../secret-text.ts";
import { openStore } from "../../storage/open-store.ts";
import type { Check, ClusterSubject, Outcome } from "../check.ts";

/** Where nothing lies: listing it tells whether the store is there and lets us in. */
const NO_FOLDER = "kserve-ts-doctor";

/** Whether the target's store is there, and takes the credentials. */
export const storage: Check<ClusterSubject> = {
  name: "storage",
  async run(subject, signal) {
    const { settings, target, env } = subject;
    const uri = target.store;
    if (uri === undefined) return { status: "skipped", message: "no store is set in the target" };
    if (uri.startsWith("pvc:")) return claim(subject, new URL(uri).hostname, signal);
    const { secret } = settings;
    const values =
      typeof secret === "object"
        ? await readSecretFiles(secret, (path) => readFile(path, "utf8"))
        : undefined;
    await using store = await openStore(uri, {
      env,
      signal,
      ...(values !== undefined && { secret: values }),
    });
    await store.list(NO_FOLDER, signal);
    const whose =
      values === undefined ? "this machine's own credentials" : "the credentials of the config file";
    return { status: "ok", message: `${uri} can be listed with ${whose}; writing was not tried` };
  },
};

async function claim(
  { cluster, namespace }: ClusterSubject,
  name: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const object = await cluster.get(RESOURCES.persistentVolumeClaim, { name }, signal);
  if (object === undefined) {
    return {
      status: "fail",
      message: `there is no PersistentVolumeClaim ${name} in ${namespace}`,
      fix: "Make it, or name another in store.",
    };
  }
  const phase = textOf(membersOf(object["status"])["phase"]) ?? "Pending";
  if (phase !== "Lost") return { status: "ok", message: `the claim ${name} is ${phase}` };
  return { status: "fail", message: `the claim ${name} has lost its volume`, fix: "Make it anew." };
}
