import { type ExecFileOptions, execFile } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** Where the programs are kept between runs; `npm ci` throws them away. */
const CACHE =
  process.env["KSERVE_TS_GRPC_TOOLS"] ??
  new URL("../../../node_modules/.cache/grpc-tools", import.meta.url).pathname;

const PYTHON_PACKAGES = ["grpcio", "grpcio-tools", "tritonclient[grpc]"];

const GO_PROGRAMS = {
  grpcurl: "github.com/fullstorydev/grpcurl/cmd/grpcurl@latest",
  ghz: "github.com/bojand/ghz/cmd/ghz@latest",
  h2spec: "github.com/summerwind/h2spec/cmd/h2spec@latest",
} as const;

/** What a program said, and how it ended. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  options: ExecFileOptions = {},
): Promise<Finished> {
  const { promise, resolve } = Promise.withResolvers<Finished>();
  execFile(program, args, { maxBuffer: 64 << 20, ...options }, (error, stdout, stderr) => {
    const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
    resolve({ code, stdout: String(stdout), stderr: String(stderr) });
  });
  return promise;
}

async function mustRun(program: string, args: readonly string[], options?: ExecFileOptions): Promise<void> {
  const { code, stderr } = await run(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} failed:\n${stderr}`);
}

/** The path of a Go program, installed from the module proxy where it is not there yet. */
export async function goProgram(name: keyof typeof GO_PROGRAMS): Promise<string> {
  const path = join(CACHE, "bin", name);
  if (existsSync(path)) return path;
  mkdirSync(join(CACHE, "bin"), { recursive: true });
  const env = {
    ...process.env,
    GOBIN: join(CACHE, "bin"),
    GOPATH: join(CACHE, "go"),
    GOFLAGS: "-modcacherw",
  };
  await mustRun("go", ["install", GO_PROGRAMS[name]], { env });
  return path;
}

/** The path of a Python with grpcio (gRPC's C core) and Triton's client, in an environment of its own. */
export async function python(): Promise<string> {
  const path = join(CACHE, "venv", "bin", "python");
  const installed = await run(path, ["-c", "import grpc, grpc_tools, tritonclient.grpc"]);
  if (installed.code === 0) return path;
  await mustRun("python3", ["-m", "venv", join(CACHE, "venv")]);
  await mustRun(path, ["-m", "pip", "install", "--quiet", ...PYTHON_PACKAGES]);
  return path;
}
