import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./grpc/tools.ts";
import { TOOLS_CACHE } from "./tools-cache.ts";

/**
 * A virtual environment with packages of PyPI, made by the first run that wants it: its folder of programs. One that is
 * complete says of itself with which packages; any other is made anew.
 * @param packages as pip takes them
 */
export async function pythonEnvironment(name: string, packages: readonly string[]): Promise<string> {
  const folder = join(TOOLS_CACHE, name);
  const programs = join(folder, "bin");
  const complete = join(folder, `complete-${packages.join("+").replaceAll(/[^\w.+=-]/g, "_")}`);
  if (existsSync(complete)) return programs;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(TOOLS_CACHE, { recursive: true, mode: 0o700 });
  await mustRun("python3", ["-m", "venv", folder]);
  const python = join(programs, "python");
  // pip takes minutes to find versions that go together, uv a second.
  await mustRun(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"]);
  await mustRun(join(programs, "uv"), ["pip", "install", "--quiet", "--python", python, ...packages]);
  writeFileSync(complete, "");
  return programs;
}

async function mustRun(program: string, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} failed:\n${stdout}${stderr}`);
}
