/**
 * Run once, by root, when the server has been laid into an image: fills the compile cache by serving something, with
 * the very Node that will serve. `--remove-package-managers` takes npm, yarn and corepack out of PATH as well.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The user that images run as. Node keeps a cache for each user, by this number in its folder's name. */
const UID = 65532;

const PREPARE_MS = 60_000;

const lib = dirname(fileURLToPath(import.meta.url));
const cache = join(dirname(lib), "cache");

async function fillCache(): Promise<void> {
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(cache);
  const folder = mkdtempSync(join(tmpdir(), "kserve-ts-"));
  try {
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    writeFileSync(join(folder, "predictor.js"), "export const predict = (_model, instances) => instances;\n");
    await serveOnce(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const name of readdirSync(cache))
    renameSync(join(cache, name), join(cache, name.replace(/-\d+$/, `-${UID}`)));
  makeReadable(cache);
}

/** What is compiled until it ends is in the cache then. */
async function serveOnce(folder: string): Promise<void> {
  const main = join(lib, "kserve-ts.js");
  const options = ["--http_port", "0", "--host", "127.0.0.1", "--model_name", "m", "--log_level", "error"];
  const server = spawn(process.execPath, ["--enable-source-maps", main, "serve", folder, ...options], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: cache, NODE_COMPILE_CACHE_PORTABLE: "1" },
    timeout: PREPARE_MS,
  });
  let said = "";
  server.stdout.setEncoding("utf8");
  for await (const text of server.stdout as AsyncIterable<string>) {
    said += text;
    const url = /(http:\S+)\/v1\/models/.exec(said)?.[1];
    if (url === undefined || !/(Try|Call) it:/.test(said)) continue;
    await ask(url);
    break;
  }
  const ended = once(server, "close");
  server.kill("SIGTERM");
  const [exitCode] = (await ended) as [number | null];
  if (exitCode !== 0) throw new Error(`the server ended with ${exitCode}: ${said}`);
}

async function ask(url: string): Promise<void> {
  const post = { method: "POST", body: '{"instances":[1]}', headers: { "content-type": "application/json" } };
  for (const [path, init] of [["/v2/health/ready"], ["/v1/models/m:predict", post], ["/metrics"]] as const) {
    await (await fetch(url + path, init)).arrayBuffer();
  }
}

/** Whoever the image runs as reads it, whatever the umask was. */
function makeReadable(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) makeReadable(path);
    else chmodSync(path, 0o644);
  }
}

/** Beside Node, where its own image has them, with what they lead to. */
function removePackageManagers(): void {
  const bin = dirname(process.execPath);
  for (const name of ["npm", "npx", "corepack", "yarn", "yarnpkg"]) {
    const path = join(bin, name);
    try {
      const target = /^(.*\/node_modules\/(?:npm|corepack)|\/opt\/yarn[^/]*)\//.exec(realpathSync(path))?.[1];
      if (target !== undefined) rmSync(target, { recursive: true, force: true });
    } catch {
      // It is not there, or leads nowhere.
    }
    rmSync(path, { force: true });
  }
}

if (process.argv.includes("--remove-package-managers")) removePackageManagers();
await fillCache();
