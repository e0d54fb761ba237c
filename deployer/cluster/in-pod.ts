import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "./kubeconfig.ts";
import type { ChosenContext } from "./pick-context.ts";

/** Where a pod finds its service account. */
const ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The cluster that this process runs in a pod of, as the pod's service account; undefined outside of one. */
export async function inPod(env: Environment, folder = ACCOUNT_FOLDER): Promise<ChosenContext | undefined> {
  const host = env.KUBERNETES_SERVICE_HOST;
  const port = env.KUBERNETES_SERVICE_PORT;
  if (host === undefined || port === undefined) return undefined;
  const tokenFile = join(folder, "token");
  const found = await readFile(tokenFile, "utf8").catch(() => undefined);
  if (found === undefined) return undefined;
  const namespace = await readFile(join(folder, "namespace"), "utf8").catch(() => "default");
  return {
    name: "in-cluster",
    namespace: namespace.trim(),
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    cluster: { "certificate-authority": join(folder, "ca.crt") },
    user: { tokenFile },
    userName: "the pod's service account",
  };
}
