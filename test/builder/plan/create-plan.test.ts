import { cp, utimes } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { createPlan, renderDockerfile } from "../../../builder/index.ts";
import { Folder, ROOT, ownFiles, predictorInput } from "../project.ts";

const FILES = {
  "predictor.ts": 'import { table } from "./lib/table.ts"; export const predict = () => table;',
  "lib/table.ts": "export const table: number[] = [1];",
  "model/weights.bin": "weights",
  "labels.json": "[]",
};

async function planOf(project: Folder, home: Folder, more = {}, options = {}) {
  const model = { kind: "folder", folder: project.at("model"), modelFile: undefined } as const;
  const input = predictorInput(project, await ownFiles(home), { model, ...more });
  return createPlan(input, {
    platform: { os: "linux", architecture: "amd64" },
    include: ["labels.json"],
    cacheFolder: home.at("cache"),
    ...options,
  });
}

describe("the plan of an image", () => {
  it("lays server, model, predictor and config, from stable to volatile", async () => {
    await using home = await Folder.of({});
    await using project = await Folder.of(FILES);
    const { layers, warnings } = await planOf(project, home);
    expect(layers.map(({ name, files }) => [name, files.map(({ path }) => path)])).toEqual([
      [
        "server",
        ["lib/contract.js", "lib/kserve-ts.js", "package.json"].map((path) => `/opt/kserve-ts/${path}`),
      ],
      ["model", ["/mnt/models/weights.bin"]],
      [
        "predictor",
        ["labels.json", "package.json", "predictor.js", "predictor.js.map"].map((path) => `/app/${path}`),
      ],
      ["config", ["/app/kserve.config.json"]],
    ]);
    for (const { bytes, hash } of layers) {
      expect(bytes).toBeGreaterThan(0);
      expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    }
    expect(warnings).toEqual([]);
  });

  it("is the same for the same files, in another folder, at another time, under another umask", async () => {
    await using home = await Folder.of({});
    await using one = await Folder.of(FILES);
    await using other = await Folder.of({ "deep/er/x": "" });
    const before = process.umask(0o077);
    try {
      await cp(one.path, other.at("deep/er"), { recursive: true });
    } finally {
      process.umask(before);
    }
    await utimes(other.at("deep/er/model/weights.bin"), 1, 1);
    const moved = new Folder(other.at("deep/er"));
    expect((await planOf(moved, home)).hash).toBe((await planOf(one, home)).hash);
  });

  it("changes only in the layer whose files change", async () => {
    await using home = await Folder.of({});
    await using project = await Folder.of(FILES);
    const before = await planOf(project, home);
    await project.write("lib/table.ts", "export const table: number[] = [2];");
    const after = await planOf(project, home);
    const changed = after.layers.filter(({ hash }, at) => hash !== before.layers[at]?.hash);
    expect(changed.map(({ name }) => name)).toEqual(["predictor"]);
    expect(after.hash).not.toBe(before.hash);
  });

  it("tells modes and links from contents", async () => {
    await using home = await Folder.of({});
    await using project = await Folder.of(FILES);
    const { hash } = await planOf(project, home);
    await project.write("model/weights.bin", "weights", 0o755);
    expect((await planOf(project, home)).hash).not.toBe(hash);
  });

  it("has the evaluated config with the model's name, and nothing that only this machine knows", async () => {
    await using home = await Folder.of({});
    await using project = await Folder.of(FILES);
    const config = { server: { modelDir: "/home/me/model", host: "127.0.0.1", workers: 2, httpPort: 9000 } };
    const { layers, image } = await planOf(project, home, { config });
    const source = layers.at(-1)?.files[0]?.source;
    expect(source?.kind === "bytes" && JSON.parse(Buffer.from(source.contents).toString())).toEqual({
      server: { workers: 2, httpPort: 9000, modelName: "digits" },
    });
    expect(image.exposedPorts).toEqual([9000, 8081]);
    expect(image.healthcheck.command.at(-1)).toBe("http://127.0.0.1:9000/v2/health/ready");
  });

  it("leaves the server out where the base has it", async () => {
    await using home = await Folder.of({});
    await using project = await Folder.of(FILES);
    const plan = await planOf(project, home, {}, { baseHasServer: true, base: "kserve-ts" });
    expect(plan.layers.map(({ name }) => name)).not.toContain("server");
    expect(plan.prepare).toBeUndefined();
  });

  it("brings the compile cache of the package for an engine that runs no commands", async () => {
    await using home = await Folder.of({});
    await using project = await Folder.of(FILES);
    const plan = await planOf(project, home, {}, { compileCache: "package" });
    expect(plan.layers[0]?.files.map(({ path }) => path)).toContain("/opt/kserve-ts/cache/v24/one");
    expect(plan.prepare).toBeUndefined();
  });

  it("says when it was built only where SOURCE_DATE_EPOCH does", async () => {
    await using home = await Folder.of({});
    await using project = await Folder.of(FILES);
    const created = "org.opencontainers.image.created";
    expect((await planOf(project, home)).image.labels).not.toHaveProperty(created);
    process.env["SOURCE_DATE_EPOCH"] = "1700000000";
    try {
      const { image } = await planOf(project, home, {}, { labels: { team: "vision" } });
      expect(image.labels).toMatchObject({ [created]: "2023-11-14T22:13:20.000Z", team: "vision" });
    } finally {
      delete process.env["SOURCE_DATE_EPOCH"];
    }
  });

  it("brings the engine of a model file, in the version that is installed", async () => {
    await using home = await Folder.of({});
    await using project = await Folder.of({ "package.json": "{}", "model/m.onnx": "" });
    const model = {
      kind: "folder",
      folder: project.at("model"),
      modelFile: project.at("model/m.onnx"),
    } as const;
    const more = { model, predictorPath: undefined };
    await expect(planOf(project, home, more, { include: [] })).rejects.toMatchObject({
      message: "m.onnx needs onnxruntime-node, which is not installed",
    });
    const onnx = "node_modules/onnxruntime-node/package.json";
    await project.write(onnx, '{"name":"onnxruntime-node","version":"1.2.3"}');
    await project.write(".npmrc", "registry=http://127.0.0.1:9/\nfetch-retries=0\n");
    await expect(planOf(project, home, more, { include: [] })).rejects.toThrow("npm could not install");
  });

  it("is refused where the package has not been built", async () => {
    await using home = await Folder.of({});
    await using project = await Folder.of(FILES);
    const own = { ...(await ownFiles(home)), imageFolder: home.at("nowhere") };
    const input = { ...predictorInput(project, own), predictorPath: undefined };
    await expect(createPlan(input)).rejects.toThrow("there is no server to put into an image");
  });
});

describe("the Dockerfile", () => {
  it("is as in the golden file", async () => {
    await using home = await Folder.of({});
    await using project = await Folder.of(FILES);
    const plan = await planOf(project, home, {}, { labels: { note: 'a "b" $c\nd' } });
    const text = renderDockerfile(plan).replaceAll(/sha256:[0-9a-f]{64}/g, "sha256:<hash>");
    await expect(text).toMatchFileSnapshot("../dockerfile/golden/Dockerfile");
  });

  it("of the repository's root starts as those of plans do", async () => {
    await using home = await Folder.of({});
    await using project = await Folder.of(FILES);
    const { readFile } = await import("node:fs/promises");
    const root = await readFile(`${ROOT}Dockerfile`, "utf8");
    const { version } = JSON.parse(await readFile(`${ROOT}package.json`, "utf8")) as { version: string };
    const rendered = renderDockerfile(await planOf(project, home));
    const settings =
      /^(FROM|WORKDIR|USER 6|EXPOSE|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD|RUN|ENV| {4}(KSERVE|NODE))/;
    const of = (text: string) =>
      text
        .split("\n")
        .filter((line) => settings.test(line))
        .map((line) => line.replaceAll(", ", ","));
    expect(of(root)).toEqual(of(rendered));
    expect(root).toContain(`ARG VERSION="${version}"`);
  });
});
