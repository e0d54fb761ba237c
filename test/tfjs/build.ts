import { execFile } from "node:child_process";
import { access, cp, mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const TFJS_NODE = "@tensorflow/tfjs-node@4.22.0";
/** Its library has the C API that the addon was written for, and is on PyPI, where libtensorflow itself is not. */
const WHEEL = "tensorflow_cpu==2.21.0";

const run = promisify(execFile);

/** Where what was built is kept: about 1.2 GB. */
export function cacheFolder(): string {
  return process.env["KSERVE_TS_TFJS_CACHE"] ?? join(tmpdir(), "kserve-ts-tfjs");
}

/**
 * A folder whose node_modules has a tfjs-node that works, built against the libraries of the tensorflow-cpu wheel:
 * the package's own installer downloads from a host that many networks block. Built once, then reused. Needs npm,
 * python3 with pip, and g++.
 */
export async function buildTfjsNode(say: (line: string) => void): Promise<string> {
  const name = `${TFJS_NODE}_${WHEEL}_${process.platform}-${process.arch}`.replaceAll(/[^\w.-]+/g, "-");
  const folder = join(cacheFolder(), name);
  if (await exists(join(folder, "complete"))) return folder;
  const work = `${folder}.${process.pid}`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  try {
    say(`installing ${TFJS_NODE} without its scripts`);
    await writeFile(join(work, "package.json"), '{"private":true}');
    const packages = [TFJS_NODE, "node-api-headers@1.5.0"];
    await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...packages], { cwd: work });
    say(`downloading ${WHEEL}`);
    await fetchLibraries(work);
    say("compiling its addon");
    await compile(work);
    await rm(join(work, "wheel"), { recursive: true });
    await writeFile(join(work, "complete"), "");
    await rm(folder, { recursive: true, force: true });
    await rename(work, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

const UNPACK = `
import sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
libraries = ("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2")
for name in wheel.namelist():
    if name in libraries or name.startswith("tensorflow/include/"):
        wheel.extract(name, sys.argv[2])
`;

/** The wheel's headers and libraries, where the package looks for libtensorflow's. */
async function fetchLibraries(work: string): Promise<void> {
  const wheel = join(work, "wheel");
  await run("python3", ["-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "-d", wheel, WHEEL]);
  const [file] = await readdir(wheel);
  if (file === undefined) throw new Error(`pip downloaded nothing for ${WHEEL}`);
  await run("python3", ["-c", UNPACK, join(wheel, file), wheel]);
  const lib = join(work, "node_modules/@tensorflow/tfjs-node/deps/lib");
  await mkdir(lib, { recursive: true });
  for (const library of ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"]) {
    await cp(join(wheel, "tensorflow", library), join(lib, library));
  }
  await symlink("libtensorflow_cc.so.2", join(lib, "libtensorflow.so"));
  await symlink("libtensorflow_cc.so.2", join(lib, "libtensorflow.so.2"));
  await symlink("libtensorflow_framework.so.2", join(lib, "libtensorflow_framework.so"));
}

/** What the package's binding.gyp says, without node-gyp, which would download Node's headers. */
async function compile(work: string): Promise<void> {
  const home = join(work, "node_modules/@tensorflow/tfjs-node");
  const target = join(home, "lib/napi-v8");
  await mkdir(target, { recursive: true });
  await run("g++", [
    ...["-std=c++17", "-O2", "-fPIC", "-shared", "-w", "-DNAPI_VERSION=8"],
    ...["-I", join(work, "node_modules/node-api-headers/include")],
    ...["-I", home, "-I", join(work, "wheel/tensorflow/include")],
    ...["binding/tfjs_backend.cc", "binding/tfjs_binding.cc"].map((source) => join(home, source)),
    ...["-L", join(home, "deps/lib"), "-ltensorflow", "-ltensorflow_framework"],
    "-Wl,-rpath,$ORIGIN/../../deps/lib",
    ...["-o", join(target, "tfjs_binding.node")],
  ]);
}
