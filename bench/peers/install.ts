import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Python servers that ours is compared with. */
export type PythonPeer = "kserve" | "mlserver" | "fastapi";

const PYTHON = process.env["KSERVE_TS_BENCH_PYTHON"] ?? "python3.11";
const CACHE = process.env["KSERVE_TS_BENCH_CACHE"] ?? join(tmpdir(), "kserve-ts-bench");
const INSTALL_MS = 300_000;
/** Says with which versions an environment was made. */
const MARK = ".installed";

/** A file beside this one, in `python/`. */
export function pythonFile(name: string): string {
  return fileURLToPath(new URL(`./python/${name}`, import.meta.url));
}

/** A program of a peer's virtual environment. */
export function peerProgram(peer: PythonPeer, program: string): string {
  return join(CACHE, peer, "bin", program);
}

/**
 * Makes a peer's virtual environment, with the versions that `requirements-*.txt` pins, where it is not there yet.
 * @throws Error when Python 3.11 is missing, or pip fails or takes more than five minutes
 */
export async function installPeer(peer: PythonPeer): Promise<void> {
  const requirements = pythonFile(`requirements-${peer}.txt`);
  const version = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  const folder = join(CACHE, peer);
  const mark = join(folder, MARK);
  if (existsSync(mark) && readFileSync(mark, "utf8") === version) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  await run(PYTHON, ["-m", "venv", folder]);
  const pip = peerProgram(peer, "pip");
  await run("nice", ["-n", "10", pip, "install", "-q", "--no-deps", "-r", requirements], {
    timeout: INSTALL_MS,
  });
  writeFileSync(mark, version);
}
