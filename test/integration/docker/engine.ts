import Docker from "dockerode";
import { mkdtemp, readFile, readdir } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../grpc/tools.ts";
import { type Background, startBackground } from "./background.ts";
import { isRoot, program } from "./packages.ts";
import { ENGINE_BRIDGE, ENGINE_FOLDER, removeFolder, sweepEngines } from "./sweep.ts";

/** A Docker engine that answers. */
export interface Engine {
  /** As DOCKER_HOST has it: `unix:///tmp/.../docker.sock`. */
  readonly host: string;
  /** Started by us: its containers and images are nobody else's. */
  readonly isOwn: boolean;
  /** Whether ports of containers can be published on this machine. */
  readonly publishesPorts: boolean;
  /** Process id of dockerd; undefined where it is not our own. */
  readonly pid: number | undefined;
  /** Ends it, where it is our own, and removes what it kept. */
  stop(): Promise<void>;
}

/** What can be said of an engine of our own. */
export interface EngineSettings {
  /** Keep everything in memory, in so many bytes: for tests of a full disk. Default: on the temp folder's disk. */
  readonly capacityBytes?: number;
}

const START_TIMEOUT_MS = 30_000;

/** The engine of DOCKER_HOST or the default socket where it answers, else one of our own; or why there is none. */
export async function findEngine(): Promise<Engine | { readonly reason: string }> {
  const present = process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
  if (await answers(present)) {
    return { host: present, isOwn: false, publishesPorts: true, pid: undefined, stop: async () => undefined };
  }
  return startEngine();
}

/** Starts an engine with a data root of its own in the temp folder; or says why it cannot. */
export async function startEngine(
  settings: EngineSettings = {},
): Promise<Engine | { readonly reason: string }> {
  if (!isRoot()) return { reason: "no Docker engine answers, and only root may start one" };
  const dockerd = await program("dockerd");
  if ("reason" in dockerd) return dockerd;
  await sweepEngines();
  const folder = await mkdtemp(join(tmpdir(), `${ENGINE_FOLDER}${process.pid}-`));
  const undo: (() => Promise<unknown>)[] = [() => removeFolder(folder)];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    if (settings.capacityBytes !== undefined) {
      const options = `size=${settings.capacityBytes}`;
      await mustRun("mount", ["-t", "tmpfs", "-o", options, "kserve-ts-engine", folder]);
    }
    const bridge = await addBridge();
    if (bridge !== undefined) undo.push(() => run("ip", ["link", "delete", bridge]));
    const daemon = startDaemon(dockerd.path, folder, bridge);
    undo.push(() => killContainersOf(folder));
    undo.push(() => daemon.stop());
    await daemon.until(/API listen on/, START_TIMEOUT_MS);
    return {
      host: `unix://${join(folder, "docker.sock")}`,
      isOwn: true,
      publishesPorts: bridge !== undefined,
      pid: daemon.pid,
      stop,
    };
  } catch (error) {
    await stop();
    return { reason: `dockerd does not start: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function startDaemon(dockerd: string, folder: string, bridge: string | undefined): Background {
  return startBackground(
    dockerd,
    [
      ...["--data-root", join(folder, "data")],
      ...["--exec-root", join(folder, "exec")],
      ...["--pidfile", join(folder, "dockerd.pid")],
      ...["--host", `unix://${join(folder, "docker.sock")}`],
      // Ports on loopback go through docker's own proxy: the machine's packet filter is left as it is.
      ...["--bridge", bridge ?? "none", "--iptables=false", "--ip-masq=false"],
      // A virtual machine may not let a process be spared by the out-of-memory killer.
      "--oom-score-adjust=0",
    ],
    join(folder, "dockerd.log"),
  );
}

/** A network bridge of our own, as another engine may have the usual one; undefined where none can be made. */
async function addBridge(): Promise<string | undefined> {
  // At most 15 characters.
  const name = `${ENGINE_BRIDGE}${process.pid}-${Math.floor(Math.random() * 1000)}`;
  const taken = new Set(
    Object.values(networkInterfaces())
      .flat()
      .map((network) => network?.address.split(".").slice(0, 3).join(".")),
  );
  const start = process.pid % 250;
  const third = Array.from({ length: 250 }, (_, index) => (start + index) % 250).find(
    (candidate) => !taken.has(`10.231.${candidate}`),
  );
  if ((await run("ip", ["link", "add", name, "type", "bridge"])).code !== 0) return undefined;
  const address = await run("ip", ["address", "add", `10.231.${third}.1/24`, "dev", name]);
  const up = await run("ip", ["link", "set", name, "up"]);
  if (address.code === 0 && up.code === 0) return name;
  await run("ip", ["link", "delete", name]);
  return undefined;
}

/** A killed engine leaves its containers running, each below a process that has the engine's folder in its command. */
async function killContainersOf(folder: string): Promise<void> {
  const kill = (pid: string) => {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const read = (file: string) => readFile(join("/proc", pid, file), "utf8").catch(() => "");
    if (!(await read("cmdline")).includes(`${folder}/exec`)) continue;
    for (const child of (await read(`task/${pid}/children`)).split(" ").filter(Boolean)) kill(child);
    kill(pid);
  }
}

async function answers(host: string): Promise<boolean> {
  if (!host.startsWith("unix://")) {
    const url = new URL(host);
    return ping(new Docker({ host: url.hostname, port: Number(url.port || 2375) }));
  }
  return ping(new Docker({ socketPath: host.slice("unix://".length) }));
}

async function ping(docker: Docker): Promise<boolean> {
  return docker.ping().then(
    () => true,
    () => false,
  );
}

async function mustRun(file: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(file, args);
  if (code !== 0) throw new Error(`${file} ${args.join(" ")} failed: ${stderr.trim()}`);
}

/** A client of an engine, for what tests look at themselves. */
export function dockerAt(host: string): Docker {
  if (host.startsWith("unix://")) return new Docker({ socketPath: host.slice("unix://".length) });
  const url = new URL(host);
  return new Docker({ host: url.hostname, port: Number(url.port || 2375) });
}
