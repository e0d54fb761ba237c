import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, resolve } from "node:path";
import { run } from "../grpc/tools.ts";

/** Programs that the rig needs, with the Debian packages that have them and what they need in turn. */
const PROGRAMS = {
  // Where containers get an address, dockerd asks iptables for its version although it is told to leave it alone.
  dockerd: "docker.io iptables iproute2",
  debootstrap: "debootstrap",
  "docker-registry": "docker-registry",
  containerd: "containerd",
  runc: "runc",
  // The plugins that give pods their network are not in PATH.
  "/usr/lib/cni/bridge": "containernetworking-plugins",
  iptables: "iptables",
} as const;

export type Program = keyof typeof PROGRAMS;

/** Whether this process may install packages, start an engine, mount: it is root. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The path of a program, installed from Debian's packages where it is missing.
 * @returns undefined with a reason where it cannot be had
 */
export async function program(name: Program): Promise<{ path: string } | { reason: string }> {
  const there = await find(name);
  if (there !== undefined) return { path: there };
  const debianPackages = PROGRAMS[name];
  if (!isRoot()) return { reason: `${name} is not installed, and only root may install ${debianPackages}` };
  if ((await find("apt-get")) === undefined) {
    return { reason: `${name} is not installed, and there is no apt-get to install ${debianPackages} with` };
  }
  // Packages start their services by themselves; the rig starts its own.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const install = () =>
    run("apt-get", ["install", "--yes", "--no-install-recommends", ...debianPackages.split(" ")], { env });
  let ended = await install();
  if (ended.code !== 0) {
    await run("apt-get", ["update"], { env });
    ended = await install();
  }
  const path = await find(name);
  if (path !== undefined) return { path };
  return { reason: `apt-get install ${debianPackages} failed: ${ended.stderr.trim().split("\n").at(-1)}` };
}

async function find(name: string): Promise<string | undefined> {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  for (const folder of folders) {
    const path = resolve(folder, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}
