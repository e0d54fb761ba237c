import { type Ended, runCli } from "../cli/run-cli.ts";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import type { ClusterRig } from "./rig.ts";

/** What `kserve-ts deploy -o json` gives, as far as tests look at it. */
export interface Outcome {
  readonly outcome: "created" | "configured" | "unchanged";
  readonly ready: boolean;
  readonly storageUri?: string;
  /** Of a custom predictor. */
  readonly image?: string;
  readonly objects: readonly { readonly kind: string; readonly name: string; readonly outcome: string }[];
  readonly warnings: readonly string[];
}

/** Where a deployment goes, and how. */
type Place = Pick<ClusterRig, "kubeconfig" | "namespace">;

/** Runs `kserve-ts deploy` with a folder's config, as a process. */
export function runDeploy(
  { kubeconfig, namespace }: Place,
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const where = ["--kubeconfig", kubeconfig, "--namespace", namespace];
  return runCli(["deploy", ...where, "--output", "json", ...args], { cwd: folder, env });
}

/** The outcome of a `deploy` that must come up. */
export async function deployed(ended: Promise<Ended>): Promise<Outcome> {
  const { stdout, stderr, exitCode } = await ended;
  if (exitCode !== 0) throw new Error(`kserve-ts deploy ended with ${exitCode}:\n${stderr}\n${stdout}`);
  return JSON.parse(stdout) as Outcome;
}

/** A ready pod of an InferenceService's predictor (or another component). */
export async function readyPod(
  { kubeconfig, namespace }: Place,
  name: string,
  component = "predictor",
): Promise<string> {
  await using cluster = await connectCluster({ kubeconfig, namespace, env: process.env });
  const labels = `serving.kserve.io/inferenceservice=${name},component=${component}`;
  const { items } = await cluster.list(RESOURCES.pod, { labels });
  const ready = items.filter(({ metadata, status }) => {
    const { conditions = [] } = (status ?? {}) as { conditions?: { type: string; status: string }[] };
    return (
      metadata.deletionTimestamp === undefined &&
      conditions.some((condition) => condition.type === "Ready" && condition.status === "True")
    );
  });
  if (ready.length !== 1) throw new Error(`${name} has ${ready.length} ready pods of ${items.length}`);
  return (ready[0] as { metadata: { name: string } }).metadata.name;
}

/** Calls a function with the address on this machine of a port of an InferenceService's pod. */
export async function withPort<T>(
  place: Place,
  { name, port, component }: { readonly name: string; readonly port: number; readonly component?: string },
  call: (address: string) => Promise<T>,
): Promise<T> {
  const { kubeconfig, namespace } = place;
  await using cluster = await connectCluster({ kubeconfig, namespace, env: process.env });
  await using forwarded = await cluster.forwardPort({ name: await readyPod(place, name, component) }, port);
  return await call(`127.0.0.1:${forwarded.localPort}`);
}
