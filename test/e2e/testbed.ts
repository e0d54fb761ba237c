/**
 * The test cluster: a real Kubernetes with the real KServe controller, on this machine alone. The tests get one from the
 * global set-up; one that needs other settings starts its own.
 */
import { existsSync } from "node:fs";
import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isRoot, program } from "../integration/docker/packages.ts";
import { run } from "../integration/grpc/tools.ts";
import { buildTestbed } from "./testbed-build.ts";

/** A cluster of our own that answers. */
export interface Testbed extends AsyncDisposable {
  readonly kubeconfig: string;
  /** The program `kserve-testbed`, which is kubectl too. */
  readonly program: string;
  stop(): Promise<void>;
}

/** What a testbed is to have. */
export interface TestbedSettings {
  /** Whether pods run. Without a node it starts in half the time, and pods stay Pending. Default true. */
  readonly node?: boolean;
  /** What an InferenceService runs in that says nothing. Knative's kinds are there with `Knative` only. Default Standard. */
  readonly mode?: "Standard" | "Knative";
  readonly signal?: AbortSignal;
}

/** How the folders of testbeds begin; the process that started it follows. Short, for the sockets in it. */
const TESTBED_FOLDER = "kts-e2e-";

/** Starts a testbed, built before where that is to be done; or says why it cannot. */
export async function startTestbed(
  settings: TestbedSettings = {},
): Promise<Testbed | { readonly reason: string }> {
  if (process.platform !== "linux") return { reason: "it runs on Linux only" };
  if (!isRoot()) return { reason: "only root may start it" };
  const { node = true, mode = "Standard", signal = new AbortController().signal } = settings;
  if (node) {
    for (const name of ["containerd", "runc", "/usr/lib/cni/bridge", "iptables"] as const) {
      const found = await program(name);
      if ("reason" in found) return found;
    }
  }
  const built = await buildTestbed(signal);
  if ("reason" in built) return built;
  const testbed = join(built.path, "kserve-testbed");
  await sweepTestbeds(testbed);
  const folder = await mkdtemp(join(tmpdir(), `${TESTBED_FOLDER}${process.pid}-`));
  const stop = async () => {
    const { code, stderr } = await run(testbed, ["down", "--dir", folder, "--purge"]);
    if (code !== 0) throw new Error(`the test cluster does not end: ${stderr.trim()}`);
  };
  const up = await run(
    testbed,
    [
      ...["up", "--dir", folder, `--node=${node}`, "--mode", mode],
      ...["--images", join(built.path, "images"), "--kserve", join(built.path, "kserve-manager")],
      ...["--kserve-src", join(built.path, "kserve-src")],
      ...(mode === "Knative" ? ["--knative-src", join(built.path, "knative-src")] : []),
    ],
    { signal },
  );
  if (up.code !== 0) {
    await stop();
    return { reason: `it does not start: ${up.stderr.trim()}` };
  }
  return { kubeconfig: join(folder, "kubeconfig"), program: testbed, stop, [Symbol.asyncDispose]: stop };
}

/** The socket of a testbed's containerd, told by its kubeconfig's folder; undefined for any other cluster. */
export function imageSocketOf(kubeconfig: string): string | undefined {
  const folder = dirname(kubeconfig);
  const socket = join(folder, "containerd.sock");
  return existsSync(join(folder, "settings.json")) && existsSync(socket) ? socket : undefined;
}

/** Imports an image archive (OCI or docker) into a testbed's node, which may have it from an earlier test. */
export async function importImage(socket: string, archive: string): Promise<void> {
  const ctr = (...args: string[]) =>
    run("ctr", ["--address", socket, "--namespace", "k8s.io", "images", ...args]);
  const image = await archivedImage(archive);
  if (image !== undefined) {
    const { stdout } = await ctr("list", `name==${image.name}`);
    if (stdout.includes(image.digest)) return;
  }
  const { code, stderr } = await ctr("import", archive);
  if (code !== 0) throw new Error(`${archive} cannot be loaded into the node: ${stderr.trim()}`);
}

/** The image of an OCI archive that has one, under a full name. */
async function archivedImage(archive: string): Promise<{ name: string; digest: string } | undefined> {
  const { stdout } = await run("tar", ["--extract", "--to-stdout", "--file", archive, "./index.json"]);
  if (stdout === "") return undefined;
  const { manifests } = JSON.parse(stdout) as {
    readonly manifests: readonly { readonly digest: string; readonly annotations?: Record<string, string> }[];
  };
  const [first] = manifests;
  const name = first?.annotations?.["io.containerd.image.name"];
  return first === undefined || name === undefined ? undefined : { name, digest: first.digest };
}

/** Ends what a run that was killed has left. */
async function sweepTestbeds(testbed: string): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, pid] = new RegExp(`^${TESTBED_FOLDER}(\\d+)-\\w+$`).exec(name) ?? [];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    await run(testbed, ["down", "--dir", join(tmpdir(), name), "--purge"]);
  }
}
