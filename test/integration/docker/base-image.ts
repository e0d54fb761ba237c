import type Docker from "dockerode";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { run } from "../grpc/tools.ts";
import { TOOLS_CACHE } from "../tools-cache.ts";
import { isRoot, program } from "./packages.ts";

/** The base that images are built on where nothing else is said. */
export const BASE = "node:24-bookworm-slim";

const NODE_PACKAGE = fileURLToPath(new URL("../../../node_modules/node/", import.meta.url));

/** A registry that cannot be reached is given up after this. */
const PULL_TIMEOUT_MS = 15_000;

/**
 * Sees that an engine has the base image: as it is, pulled, or made of Debian's packages and npm's Node.
 * @returns why it cannot; undefined when it has it
 */
export async function ensureBase(docker: Docker): Promise<string | undefined> {
  if (await has(docker, BASE)) return undefined;
  if (await pull(docker)) return undefined;
  const tar = await standInTar();
  if ("reason" in tar) return `${BASE} cannot be pulled, and ${tar.reason}`;
  const version = await nodeVersion();
  const [repo, tag] = BASE.split(":");
  const stream = await docker.importImage(tar.path, {
    repo,
    tag,
    changes: [
      "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      `ENV NODE_VERSION=${version}`,
      'CMD ["node"]',
    ],
  });
  await stream.resume();
  await new Promise((resolve, reject) => stream.on("end", resolve).on("error", reject));
  return (await has(docker, BASE)) ? undefined : `docker import of ${tar.path} made no image`;
}

async function has(docker: Docker, name: string): Promise<boolean> {
  return docker
    .getImage(name)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

async function pull(docker: Docker): Promise<boolean> {
  const abort = new AbortController();
  const pulled = async () => {
    const stream = await docker.pull(BASE, { abortSignal: abort.signal });
    await new Promise((resolve) => docker.modem.followProgress(stream, resolve));
    return has(docker, BASE);
  };
  const late = sleep(PULL_TIMEOUT_MS, false, { ref: false });
  const result = await Promise.race([pulled().catch(() => false), late]);
  abort.abort();
  return result;
}

/** The stand-in as a tar for `docker import`, made by the first run that wants it: 206 MB, in about a minute. */
async function standInTar(): Promise<{ path: string } | { reason: string }> {
  const path = join(TOOLS_CACHE, `bookworm-node-${await nodeVersion()}.tar`);
  if (existsSync(path)) return { path };
  if (!isRoot()) return { reason: "only root may make a stand-in with debootstrap" };
  const debootstrap = await program("debootstrap");
  if ("reason" in debootstrap) return debootstrap;
  await mkdir(TOOLS_CACHE, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(TOOLS_CACHE, "bookworm-"));
  try {
    const root = join(folder, "root");
    const made = await run(debootstrap.path, [
      "--variant=minbase",
      "bookworm",
      root,
      "http://deb.debian.org/debian",
    ]);
    if (made.code !== 0)
      return { reason: `debootstrap failed: ${made.stdout.split("\n").slice(-3).join(" ")}` };
    await rm(join(root, "var/cache/apt/archives"), { recursive: true, force: true });
    await rm(join(root, "var/lib/apt/lists"), { recursive: true, force: true });
    await copyFile(join(NODE_PACKAGE, "bin/node"), join(root, "usr/local/bin/node"));
    const tar = join(folder, "root.tar");
    const packed = await run("tar", ["--create", "--file", tar, "--numeric-owner", "--directory", root, "."]);
    if (packed.code !== 0) return { reason: `tar failed: ${packed.stderr.trim()}` };
    // Another run may have made one meanwhile: either is whole.
    await rename(tar, path);
    return { path };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function nodeVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(NODE_PACKAGE, "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}
