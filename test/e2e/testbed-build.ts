import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { run } from "../integration/grpc/tools.ts";
import { TOOLS_CACHE } from "../integration/tools-cache.ts";

/** The testbed's sources. */
const SOURCES = fileURLToPath(new URL("../cluster/", import.meta.url));

/** How the folders of builds begin; the hash of what they are of follows. */
const BUILD_FOLDER = "cluster-";

/** A line is printed at least so often while a build goes on. */
const PROGRESS_EVERY_MS = 60_000;

/** The oldest Go that can fetch the one that the sources ask for. */
const OLDEST_GO_MINOR = 21;

/**
 * Builds the testbed's programs and images, where they are not there from an earlier run of the same sources.
 * @returns their folder, or why there is none
 */
export async function buildTestbed(signal: AbortSignal): Promise<{ path: string } | { reason: string }> {
  const path = join(TOOLS_CACHE, BUILD_FOLDER + (await hashOfSources()));
  if (existsSync(path)) return { path };
  const go = await run("go", ["version"], { cwd: "/" });
  const [, minor] = /go1\.(\d+)/.exec(go.stdout) ?? [];
  if (minor === undefined) return { reason: "there is no Go to build it with (1.25.8 or newer)" };
  if (Number(minor) < OLDEST_GO_MINOR) return { reason: `its build wants Go 1.25.8, not 1.${minor}` };
  await mkdir(TOOLS_CACHE, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(TOOLS_CACHE, "building-cluster-"));
  try {
    const problem = await runBuild(folder, signal);
    if (problem !== undefined) return { reason: problem };
    await removeOldBuilds();
    // Another run may have made one meanwhile: either is whole.
    await rename(folder, path).catch((error: unknown) => {
      if (!existsSync(path)) throw error;
    });
    return { path };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runBuild(folder: string, signal: AbortSignal): Promise<string | undefined> {
  signal.throwIfAborted();
  const started = Date.now();
  const say = (text: string) =>
    console.log(`test cluster, ${Math.round((Date.now() - started) / 1000)} s: ${text}`);
  say("building it from Go sources: some 12 minutes on two cores the first time, then it is kept");
  const child = spawn(join(SOURCES, "build.sh"), [folder], {
    // `auto` fetches the Go that go.mod asks for from the module proxy, where the one that is there is older.
    env: { ...process.env, GOTOOLCHAIN: "auto" },
    stdio: ["ignore", "pipe", "pipe"],
    // Its own group: all of it is ended, the compilers too.
    detached: true,
  });
  const cancel = () => child.pid !== undefined && process.kill(-child.pid, "SIGKILL");
  signal.addEventListener("abort", cancel);
  let step = "";
  let errors = "";
  createInterface(child.stdout).on("line", (line) => say((step = line)));
  child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)));
  const ticks = setInterval(() => say(`still ${step}`), PROGRESS_EVERY_MS);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    signal.throwIfAborted();
    if (code === 0) {
      say("built");
      return undefined;
    }
    return `its build failed:\n${errors.trim().split("\n").slice(-12).join("\n")}`;
  } finally {
    clearInterval(ticks);
    signal.removeEventListener("abort", cancel);
  }
}

/** Of everything that the build reads. */
async function hashOfSources(): Promise<string> {
  const hash = createHash("sha256");
  const entries = await readdir(SOURCES, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(SOURCES.length))
    .filter((path) => /\.(go|mod|sum)$|^build\.sh$|^images\//.test(path) && !path.startsWith("bin/"));
  for (const path of paths.toSorted()) {
    hash.update(`${path}\0`).update(await readFile(join(SOURCES, path)));
  }
  return hash.digest("hex").slice(0, 12);
}

/** A build takes 400 MB: those of other sources go. */
async function removeOldBuilds(): Promise<void> {
  for (const name of await readdir(TOOLS_CACHE)) {
    if (name.startsWith(BUILD_FOLDER)) await rm(join(TOOLS_CACHE, name), { recursive: true, force: true });
  }
}
