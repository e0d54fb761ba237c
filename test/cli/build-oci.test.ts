import { randomFillSync } from "node:crypto";
import { cp, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { layoutBase } from "../builder/oci/bases.ts";
import { MemoryRegistry } from "../builder/registry/memory-registry.ts";
import { Cli, folderWith, runCli } from "./run-cli.ts";

const PREDICTOR = { "predictor.ts": "export const predict = (_model: unknown, x: unknown) => x;" };
const TAG = "registry.example/me/echo:1";

/** A project with a base beside it, and a command line that keeps everything in the same folder. */
async function project(files: Readonly<Record<string, string>> = PREDICTOR) {
  const folder = await folderWith(files);
  const base = await layoutBase(join(folder.path, ".cache"));
  const env = { KSERVE_TS_CACHE_DIR: join(folder.path, ".cache") };
  const words = (args: readonly string[]) => ["build", folder.path, "--engine", "oci", ...args];
  return {
    path: folder.path,
    base,
    env,
    words,
    build: (...args: string[]) => runCli(words(["--tag", TAG, "--base", base, ...args]), { env }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const lastJson = (text: string) =>
  JSON.parse(text.trimEnd().split("\n").at(-1) ?? "") as Record<string, unknown>;

describe("kserve-ts build --engine oci", () => {
  it("writes a layout and an archive, and says where they are and what to do next", async () => {
    await using it = await project();
    const layout = join(it.path, "out/layout");
    const archive = join(it.path, "out/deep/echo.tar");
    const { stdout, exitCode } = await it.build("--layout", layout, "--archive", archive);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Built registry\.example\/me\/echo:1 for linux\/amd64, sha256:[0-9a-f]{64}\n/);
    expect(stdout).toMatch(/\n {2}server +[\d.]+ MB\n {2}predictor +[\d.]+ kB\n {2}config +[\d.]+ kB\n/);
    expect(stdout).toContain(
      `\nWrote the layout ${layout}\nWrote the archive ${archive}\n\nNext:\n  docker load -i ${archive} && kserve-ts run ${TAG}\n`,
    );
    for (const place of [layout, archive]) {
      const facts = lastJson((await runCli(["inspect", place, "-o", "json"])).stdout);
      expect(facts).toMatchObject({ user: "65532:65532", model: { nodeVersion: "24.0.0" } });
    }
  });

  it("says that the image is nowhere else, where it is taken nowhere", async () => {
    await using it = await project();
    const { stdout } = await it.build();
    expect(stdout.trimEnd()).toMatch(
      /the store of this machine alone; --push, --layout or --archive take it further\.$/,
    );
    expect((await it.build()).stdout).toMatch(/^Unchanged: /);
  });

  it("puts images of two platforms into one layout, and gives both in its result", async () => {
    await using it = await project();
    await addArm(it.base, it.path);
    const layout = join(it.path, "layout");
    const both = ["--platform", "linux/amd64,linux/arm64"];
    const { stdout, stderr, exitCode } = await it.build(...both, "--layout", layout, "-o", "json");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(lastJson(stdout)).toMatchObject({
      kind: "result",
      reference: TAG,
      images: [{ platform: "linux/amd64" }, { platform: "linux/arm64" }],
    });
    expect(stdout).toContain('"step":"server (linux/arm64)"');
    const { manifests } = JSON.parse(await readFile(join(layout, "index.json"), "utf8")) as {
      manifests: { platform: { architecture: string } }[];
    };
    expect(manifests.map(({ platform }) => platform.architecture)).toEqual(["amd64", "arm64"]);
  });

  it("pushes images of two platforms under one tag, and inspect finds either", async () => {
    await using it = await project();
    await addArm(it.base, it.path);
    await using registry = await MemoryRegistry.start();
    const tag = `${registry.host}/me/echo:1`;
    const args = ["--tag", tag, "--base", it.base, "--platform", "linux/amd64,linux/arm64", "--push"];
    const { stdout, exitCode } = await runCli(it.words(args), { env: it.env });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\nPushed \S+\/me\/echo@sha256:[0-9a-f]{64}\n/);
    for (const platform of ["linux/amd64", "linux/arm64"]) {
      const place = [tag, "--local=false", "--platform", platform, "-o", "json"];
      expect(lastJson((await runCli(["inspect", ...place])).stdout)).toMatchObject({ platform });
    }
  });

  it("lays no second server on a base that has this one", async () => {
    await using it = await project();
    const below = join(it.path, "below");
    await it.build("--layout", below);
    const args = ["--dry-run", "--base", below, "-o", "json"];
    const plan = lastJson((await runCli(it.words(args), { env: it.env })).stdout);
    expect((plan["layers"] as { name: string }[]).map(({ name }) => name)).toEqual(["predictor", "config"]);
    const bare = lastJson((await it.build("--dry-run", "-o", "json")).stdout);
    expect((bare["layers"] as { name: string }[])[0]?.name).toBe("server");
  });

  it("ends with 130 when Ctrl-C comes while it packs a layer, and leaves no half of it", async () => {
    await using it = await project();
    await writeFile(join(it.path, "predictor.ts"), PREDICTOR["predictor.ts"]);
    const weights = randomFillSync(Buffer.alloc(90_000_000));
    await using model = await folderWith({ "model.txt": "" });
    await writeFile(join(model.path, "weights.bin"), weights);
    const args = it.words(["--tag", TAG, "--base", it.base, "--model", model.path]);
    const archive = join(it.path, "echo.tar");
    await using cli = new Cli([...args, "--archive", archive], { env: it.env });
    await cli.until("stderr", /\] model\n/);
    cli.signal("SIGINT");
    expect((await cli.ended).exitCode).toBe(130);
    expect(await readdir(join(it.path, ".cache/oci/unfinished"))).toEqual([]);
    await expect(stat(archive)).rejects.toThrow("ENOENT");
  });
});

/** Makes an index for two platforms of a base's layout. */
async function addArm(layout: string, folder: string): Promise<void> {
  const other = await layoutBase(join(folder, ".cache/arm"), "arm64");
  await cp(join(other, "blobs"), join(layout, "blobs"), { recursive: true });
  const entry = async (path: string, architecture: string) => {
    const { manifests } = JSON.parse(await readFile(join(path, "index.json"), "utf8")) as {
      manifests: object[];
    };
    return { ...manifests[0], platform: { os: "linux", architecture } };
  };
  const manifests = [await entry(layout, "amd64"), await entry(other, "arm64")];
  await writeFile(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
}

describe("options of kserve-ts build that do not go together", () => {
  it.each([
    [["--layout", "x"], "--layout is for --engine oci, and docker builds", "docker save"],
    [["--archive", "x.tar"], "--archive is for --engine oci, and docker builds", "Add --engine oci"],
    [["--engine", "oci", "--build-arg", "a=b"], "--build-arg is for --engine docker", "Leave it out"],
    [["--engine", "oci", "--no-cache"], "--no-cache is for --engine docker", "Leave it out"],
    [
      ["--engine", "oci", "--proof"],
      "--proof runs the image, which the engine oci cannot",
      "--engine docker",
    ],
    [["--base", "./layout"], "--base ./layout is a path", "docker load"],
    [["--platform", "linux/amd64", "--platform", "linux/arm64"], "builds for one platform", "--engine oci"],
    [
      ["--engine", "oci", "--platform", "linux/arm64,linux/amd64", "--archive", "x.tar"],
      "linux/arm64 and linux/amd64: an --archive has the image of one platform",
      "--layout or --push",
    ],
    [["--engine", "oci", "--archive", "cli"], "--archive cli is a folder", "--layout"],
    [["--engine", "oci", "--layout", "package.json"], "--layout package.json is a file", "--archive"],
    [["--registry-user", "me"], "--registry-user needs --password-stdin", "printf"],
    [["--password-stdin"], "--password-stdin needs --registry-user", "--registry-user <name>"],
    [["--registry-user", "me", "--password-stdin"], "there is nothing on stdin", ""],
    [["--platfrom", "linux/arm64"], "--platfrom", "--platform"],
    [["--platform", "linux/arm"], "expected one of linux/amd64, linux/arm64", ""],
    [["--base", "Node:24"], '"Node:24" is no name of an image', "A name looks like"],
  ])("%j", async (args, message, hint) => {
    const { stderr, stdout, exitCode } = await runCli(["build", "examples/digits", "-t", TAG, ...args]);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
  });

  it.each([
    ["Digits", "lower-case"],
    ["digits:1@sha256:" + "0".repeat(64), "what the digest is, a build finds out"],
  ])("the name %s", async (tag, message) => {
    const { stderr, exitCode } = await runCli(["build", "examples/digits", "-t", tag]);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(2);
  });
});
