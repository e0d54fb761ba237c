import { symlink, truncate } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { includedFiles } from "../../../builder/plan/included-files.ts";
import { modelFiles } from "../../../builder/plan/model-layer.ts";
import { secretByName } from "../../../builder/plan/secrets.ts";
import { Folder } from "../project.ts";

const KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n";
const MB = 1024 * 1024;

async function planModel(folder: Folder, allowLarge: readonly string[] = []) {
  const warnings: string[] = [];
  const files = await modelFiles(
    { kind: "folder", folder: folder.at("model"), modelFile: folder.at("model/model.onnx") },
    { allowLarge, warn: (warning) => void warnings.push(warning) },
  );
  return { paths: files.map(({ path }) => path), warnings };
}

async function include(folder: Folder, ...patterns: string[]) {
  const warnings: string[] = [];
  const options = { include: patterns, allowLarge: [], warn: (text: string) => void warnings.push(text) };
  const files = await includedFiles(folder.path, options);
  return { paths: files.map(({ path }) => path), warnings };
}

describe("names of files that hold secrets", () => {
  it.each([
    ".env",
    ".env.production",
    "deep/.npmrc",
    ".netrc",
    "id_rsa",
    "keys/id_ed25519",
    "server.pem",
    "tls.key",
    "store.p12",
    ".ssh/config",
    ".aws/credentials",
    ".git/config",
    ".docker/config.json",
    "service-account-prod.json",
    "application_default_credentials.json",
  ])("%s is one", (path) => expect(secretByName(path)).toBeTypeOf("string"));

  it.each([
    "model.onnx",
    ".env.example",
    "labels.json",
    "environment.txt",
    "keys.txt",
    "id_rsa.pub",
    "monkey.bin",
  ])("%s is none", (path) => expect(secretByName(path)).toBeUndefined());
});

describe("the model's folder", () => {
  it("is laid below /mnt/models as it is, without secrets, of which a warning tells", async () => {
    await using folder = await Folder.of({
      "model/model.onnx": "weights",
      "model/labels/digits.txt": "0",
      "model/.env": "TOKEN=1",
      "model/keys/tls.key": "x",
      "model/.git/HEAD": "ref",
    });
    const { paths, warnings } = await planModel(folder);
    expect(paths).toEqual(["/mnt/models/labels/digits.txt", "/mnt/models/model.onnx"]);
    expect(warnings).toHaveLength(2);
    expect(warnings.join()).toMatch(/\.env of .* is left out.*keys\/tls\.key/s);
  });

  it.each([
    ["a private key under a harmless name", KEY],
    ["a service account's JSON", JSON.stringify({ type: "service_account", private_key: KEY })],
    ["a token of npm", "//registry.npmjs.org/:_authToken=npm_abc\n"],
  ])("is refused with %s", async (_what, contents) => {
    await using folder = await Folder.of({ "model/model.onnx": "weights", "model/data.json": contents });
    await expect(planModel(folder)).rejects.toMatchObject({
      code: "KTS_BUILD_INPUT",
      message: expect.stringContaining("data.json must not be in an image") as string,
    });
  });

  it("keeps links within it, and is refused with one that leads out or nowhere", async () => {
    await using folder = await Folder.of({ "model/1.onnx": "weights", "secret.txt": "x" });
    await symlink("1.onnx", folder.at("model/model.onnx"));
    expect((await planModel(folder)).paths).toEqual(["/mnt/models/1.onnx", "/mnt/models/model.onnx"]);
    await symlink("../secret.txt", folder.at("model/out"));
    await expect(planModel(folder)).rejects.toThrow(/out is a link to .*secret\.txt, which is not in/);
  });

  it("is refused with a link that leads nowhere", async () => {
    await using folder = await Folder.of({ "model/model.onnx": "weights" });
    await symlink("gone", folder.at("model/link"));
    await expect(planModel(folder)).rejects.toThrow("which is not there");
  });

  it("may have weights of any size, but large data is questioned", async () => {
    await using folder = await Folder.of({
      "model/model.onnx": "",
      "model/model.onnx_data": "",
      "model/train.csv": "",
    });
    await truncate(folder.at("model/model.onnx_data"), 150 * MB);
    expect((await planModel(folder)).paths).toHaveLength(3);
    await truncate(folder.at("model/train.csv"), 101 * MB);
    await expect(planModel(folder)).rejects.toMatchObject({
      message: expect.stringContaining("train.csv has 101 MB") as string,
      hint: expect.stringContaining("--allow-large train.csv") as string,
    });
    expect((await planModel(folder, ["train.csv"])).paths).toHaveLength(3);
  });
});

describe("a model file among other files", () => {
  const options = { allowLarge: [], warn: () => undefined };

  it("brings its weights and nothing else", async () => {
    await using folder = await Folder.of({
      "m.onnx": "",
      "m.onnx.data": "",
      "notes.txt": "",
      "predictor.ts": "",
    });
    const files = await modelFiles({ kind: "file", modelFile: folder.at("m.onnx") }, options);
    expect(files.map(({ path }) => path)).toEqual(["/mnt/models/m.onnx", "/mnt/models/m.onnx.data"]);
  });

  it("brings the shards that a model.json names", async () => {
    const manifest = JSON.stringify({ weightsManifest: [{ paths: ["group1-shard1of1.bin"] }] });
    await using folder = await Folder.of({ "model.json": manifest, "group1-shard1of1.bin": "", "x.bin": "" });
    const files = await modelFiles({ kind: "file", modelFile: folder.at("model.json") }, options);
    expect(files.map(({ path }) => path)).toEqual([
      "/mnt/models/group1-shard1of1.bin",
      "/mnt/models/model.json",
    ]);
  });
});

describe("files that are included", () => {
  it("lie beside the predictor, without what .dockerignore names", async () => {
    await using folder = await Folder.of({
      "labels.json": "{}",
      "data/a.txt": "",
      "data/deep/b.txt": "",
      "data/c.tmp": "",
      ".dockerignore": "# temporary\n**/*.tmp\ndata/deep\n!data/deep/b.txt\n",
      "node_modules/x/labels.json": "{}",
    });
    const { paths } = await include(folder, "labels.json", "data");
    expect(paths).toEqual(["/app/data/a.txt", "/app/data/deep/b.txt", "/app/labels.json"]);
    expect((await include(folder, "data/*.txt")).paths).toEqual(["/app/data/a.txt"]);
    expect((await include(folder, "**/*.json")).paths).toEqual(["/app/labels.json"]);
  });

  it("are never secrets: one of a pattern is left out, one that is named is refused", async () => {
    await using folder = await Folder.of({ "data/a.txt": "", "data/.env": "A=1", ".npmrc": "x" });
    const { paths, warnings } = await include(folder, "data");
    expect(paths).toEqual(["/app/data/a.txt"]);
    expect(warnings).toEqual([expect.stringContaining("data/.env")]);
    await expect(include(folder, ".npmrc")).rejects.toThrow(".npmrc must not be in an image");
  });

  it.each(["../x", "/etc/passwd", "a/../../b"])("are the project's own: %s is refused", async (pattern) => {
    await using folder = await Folder.of({});
    await expect(include(folder, pattern)).rejects.toThrow("leads out of");
  });

  it("are there: a pattern that finds nothing is refused", async () => {
    await using folder = await Folder.of({ "a.txt": "" });
    await expect(include(folder, "*.json")).rejects.toThrow("--include *.json finds no file");
  });
});
