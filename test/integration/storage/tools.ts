import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { run } from "../grpc/tools.ts";

/** Where the programs are kept between runs. */
const CACHE = process.env["KSERVE_TS_TEST_TOOLS"] ?? join(tmpdir(), `kserve-ts-tools-${userInfo().uid}`);

/** A program of Go's module proxy, installed by the first run that wants it: its path. */
export async function goTool(name: string, module: string): Promise<string> {
  const folder = join(CACHE, "go-bin");
  const path = join(folder, name);
  const complete = join(folder, `complete-${module.replaceAll(/[^\w.+=-]/g, "_")}`);
  if (existsSync(complete)) return path;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await mustRun("go", ["install", module], { ...process.env, GOBIN: folder, GOFLAGS: "-modcacherw" });
  writeFileSync(complete, "");
  return path;
}

/** A package of npm that is too large for everybody's node_modules: the folder of its programs. */
export async function npmTool(pinned: string): Promise<string> {
  const folder = join(CACHE, `npm-${pinned.replaceAll(/[^\w.@-]/g, "_")}`);
  const complete = join(folder, "complete");
  const programs = join(folder, "node_modules", ".bin");
  if (existsSync(complete)) return programs;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  await mustRun("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", pinned]);
  writeFileSync(complete, "");
  return programs;
}

/** A program of a package of PyPI, in an environment of its own: its path. */
export async function pythonTool(name: string, pinned: string): Promise<string> {
  const folder = join(CACHE, `python-${pinned.replaceAll(/[^\w.@=-]/g, "_")}`);
  const complete = join(folder, "complete");
  const programs = join(folder, "bin");
  if (existsSync(complete)) return join(programs, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await mustRun("python3", ["-m", "venv", "--clear", folder]);
  await mustRun(join(programs, "pip"), ["install", "--quiet", pinned]);
  writeFileSync(complete, "");
  return join(programs, name);
}

async function mustRun(program: string, args: readonly string[], env = process.env): Promise<void> {
  const { code, stdout, stderr } = await run(program, args, { env });
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} failed:\n${stdout}${stderr}`);
}
