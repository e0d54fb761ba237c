import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startBackground } from "../integration/docker/background.ts";
import { program } from "../integration/docker/packages.ts";
import type { Registry } from "../integration/docker/registry.ts";

const START_TIMEOUT_MS = 15_000;

/**
 * Has a testbed's node reach a registry of this machine by its very address. No packet leaves the node's network, so a
 * second registry of the same storage listens within it: what is pushed here is pulled there.
 */
export async function showToNode(
  kubeconfig: string,
  { address, storage, passwords }: Registry,
): Promise<AsyncDisposable> {
  const registry = await program("docker-registry");
  if ("reason" in registry) throw new Error(registry.reason);
  const [pid] = (await readFile(join(dirname(kubeconfig), "pid"), "utf8")).split(" ");
  const folder = await mkdtemp(join(tmpdir(), "kserve-ts-registry-"));
  const config = join(folder, "config.json");
  // JSON is YAML as well.
  await writeFile(
    config,
    JSON.stringify({
      version: "0.1",
      log: { level: "info", accesslog: { disabled: false } },
      storage: { filesystem: { rootdirectory: storage } },
      http: { addr: address, secret: "of the tests" },
      ...(passwords !== undefined && { auth: { htpasswd: { realm: "tests", path: passwords } } }),
    }),
  );
  const words = [`--net=/proc/${pid}/ns/net`, registry.path, "serve", config];
  const daemon = startBackground("nsenter", words, join(folder, "log"));
  const stop = async () => {
    await daemon.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await daemon.until(/listening on 127\.0\.0\.1:\d+/, START_TIMEOUT_MS);
    return { [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
