import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { packageModel } from "../../../deployer/artifacts/package-model.ts";
import { bytesOf } from "../../deployer/artifacts/temp-model.ts";
import { run } from "../grpc/tools.ts";
import { pythonEnvironment } from "../python-env.ts";

const SOURCE = new URL("../../fixtures/models/digits-pytorch/source/", import.meta.url).pathname;
const FILES = { modelFile: `${SOURCE}model.py`, requirementsFile: `${SOURCE}requirements.txt` };

/** Reads an archive as Python does: checks it, and prints names, checksums and manifest. */
const READ_ARCHIVE = `
import json, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
manifest = json.loads(archive.read("MAR-INF/MANIFEST.json"))
manifest.pop("createdOn", None)
print(json.dumps({"manifest": manifest, "files": {i.filename: i.CRC for i in archive.infolist() if "MANIFEST" not in i.filename}}))
`;

let programs: string;

beforeAll(async () => {
  programs = await pythonEnvironment("torchserve", ["torch-model-archiver==0.12.0", "torchserve==0.12.0"]);
});

interface Folder extends AsyncDisposable {
  readonly path: string;
}

async function temporaryFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "kts-mar-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function readArchive(path: string): Promise<unknown> {
  const { code, stdout, stderr } = await run(join(programs, "python"), ["-c", READ_ARCHIVE, path]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** Our archive of the digits model, in a folder. */
async function ourArchive(folder: string, handler: string, version: string): Promise<string> {
  const { files } = await packageModel({
    path: `${SOURCE}model.pt`,
    modelName: "digits",
    torchServe: { ...FILES, handler, version },
  });
  const archive = files.find(({ path }) => path.endsWith(".mar"));
  await writeFile(join(folder, "digits.mar"), await bytesOf(archive!.content));
  return join(folder, "digits.mar");
}

describe("a .mar of ours", () => {
  it.each([
    ["a handler of its own", `${SOURCE}handler.py`, "1.0"],
    ["a built-in handler and a version", "image_classifier", "2.1"],
  ])("with %s has what torch-model-archiver puts into its own", async (_, handler, version) => {
    await using theirs = await temporaryFolder();
    await using ours = await temporaryFolder();
    const archiver = await run(join(programs, "torch-model-archiver"), [
      ...["--model-name", "digits", "--version", version, "--handler", handler],
      ...["--serialized-file", `${SOURCE}model.pt`, "--model-file", FILES.modelFile],
      ...["--requirements-file", FILES.requirementsFile, "--export-path", theirs.path],
    ]);
    expect(archiver.code, archiver.stderr).toBe(0);
    const path = await ourArchive(ours.path, handler, version);
    expect(await readArchive(path)).toEqual(await readArchive(join(theirs.path, "digits.mar")));
  });

  it("is registered by TorchServe itself, under its name and version", async (context) => {
    if ((await run("java", ["-version"])).code !== 0) context.skip("there is no Java");
    await using store = await temporaryFolder();
    await ourArchive(store.path, `${SOURCE}handler.py`, "2.1");
    await using server = await startTorchServe(store.path);
    const registered = await fetch(`${server.url}/models?url=digits.mar&initial_workers=0`, {
      method: "POST",
    });
    expect(registered.status, await registered.text()).toBe(200);
    const answer = await fetch(`${server.url}/models/digits`);
    expect(await answer.json()).toMatchObject([
      { modelName: "digits", modelVersion: "2.1", modelUrl: "digits.mar", runtime: "python" },
    ]);
  });
});

/** TorchServe's frontend, which needs no PyTorch as long as there are no workers. */
async function startTorchServe(store: string): Promise<AsyncDisposable & { readonly url: string }> {
  const [lib = ""] = await readdir(join(programs, "../lib"));
  const home = join(programs, "../lib", lib, "site-packages");
  const [inference, management, metrics, grpc, grpcManagement] = await freePorts(5);
  const config = join(store, "ts.properties");
  const settings = [
    `inference_address=http://127.0.0.1:${inference}`,
    `management_address=http://127.0.0.1:${management}`,
    `metrics_address=http://127.0.0.1:${metrics}`,
    `grpc_inference_port=${grpc}`,
    `grpc_management_port=${grpcManagement}`,
    "disable_system_metrics=true",
    "disable_token_authorization=true",
    "enable_model_api=true",
    `model_store=${store}`,
  ];
  await writeFile(config, settings.join("\n"));
  const child = spawn(
    "java",
    [
      ...[`-Dmodel_server_home=${home}`, "-cp", join(home, "ts/frontend/model-server.jar")],
      ...["org.pytorch.serve.ModelServer", "--python", join(programs, "python"), "-f", config, "-s", store],
    ],
    {
      cwd: store,
      stdio: "ignore",
      env: { ...process.env, TEMP: store, LOG_LOCATION: store, METRICS_LOCATION: store },
    },
  );
  const exited = once(child, "exit");
  const url = `http://127.0.0.1:${management}`;
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  const deadline = Date.now() + 90_000;
  while (
    !(await fetch(`${url}/models`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error("TorchServe did not start");
    }
    await sleep(200);
  }
  return { url, [Symbol.asyncDispose]: stop };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
