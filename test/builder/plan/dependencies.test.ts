import { mkdir, readdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type DependencyInput, stageDependencies } from "../../../builder/plan/dependencies.ts";
import { Folder, ROOT } from "../project.ts";

/** Small, without dependencies, and in this repository's own lockfile. */
const PACKAGE = "ms";

function input(folder: Folder, more: Partial<DependencyInput>): DependencyInput & { warnings: string[] } {
  const warnings: string[] = [];
  return {
    packages: new Map([[PACKAGE, join(ROOT, "node_modules", PACKAGE)]]),
    projectFolder: ROOT,
    packageFolder: ROOT,
    platform: { os: "linux", architecture: "amd64" },
    cacheFolder: folder.at("cache"),
    signal: undefined,
    say: () => undefined,
    warn: (text) => void warnings.push(text),
    warnings,
    ...more,
  };
}

async function stagedFiles(asked: DependencyInput) {
  return (await stageDependencies(asked)).files;
}

/** An npm that must not be needed. */
async function withoutNpm<T>(work: () => Promise<T>): Promise<T> {
  const path = process.env["PATH"];
  process.env["PATH"] = "/nowhere";
  try {
    return await work();
  } finally {
    process.env["PATH"] = path;
  }
}

describe("the dependencies of a bundle", () => {
  it("are none where it leaves out none", async () => {
    await using folder = await Folder.of({});
    expect(await withoutNpm(() => stagedFiles(input(folder, { packages: new Map() })))).toEqual([]);
  });

  it("are installed by npm in the lockfile's versions, pruned, and kept for the next time", async () => {
    await using folder = await Folder.of({});
    const asked = input(folder, {});
    const files = await stagedFiles(asked);
    expect(files.map(({ path }) => path)).toEqual([
      "/app/node_modules/ms/index.js",
      "/app/node_modules/ms/license.md",
      "/app/node_modules/ms/package.json",
    ]);
    expect(asked.warnings).toEqual([]);
    expect(await withoutNpm(() => stagedFiles(asked))).toEqual(files);
    const other = input(folder, { platform: { os: "linux", architecture: "arm64" } });
    await expect(withoutNpm(() => stagedFiles(other))).rejects.toThrow("npm cannot be run");
  });

  it("are listed by npm, once, and by the project's names alone", async () => {
    await using folder = await Folder.of({});
    const asked = input(folder, { platform: { os: "linux", architecture: "arm64" } });
    const { sbom } = await stageDependencies(asked);
    const bom = JSON.parse(Buffer.from(sbom ?? []).toString()) as Record<string, unknown>;
    expect(bom).toMatchObject({
      metadata: { component: { name: "staged", "bom-ref": "staged@0.0.0" } },
      components: [{ name: PACKAGE, purl: expect.stringMatching(/^pkg:npm\/ms@\d/) as string }],
    });
    expect(JSON.stringify(bom)).not.toContain(folder.path);
    expect((await withoutNpm(() => stageDependencies(asked))).sbom).toEqual(sbom);
  });

  it("are of the installed versions where there is no package-lock.json, which a warning says", async () => {
    await using folder = await Folder.of({ "package.json": "{}", "yarn.lock": "", ".npmrc": "fund=false\n" });
    await mkdir(dirname(folder.at(`node_modules/${PACKAGE}`)), { recursive: true });
    await symlink(join(ROOT, "node_modules", PACKAGE), folder.at(`node_modules/${PACKAGE}`));
    const asked = input(folder, { projectFolder: folder.path });
    expect(await stagedFiles(asked)).toHaveLength(3);
    expect(asked.warnings).toEqual([expect.stringContaining("npm's choice: yarn.lock is not read")]);
    const [kept] = await readdir(folder.at("cache/dependencies"));
    expect(await readdir(folder.at(`cache/dependencies/${kept}`))).not.toContain(".npmrc");
  });

  it("fail with npm's last lines, and leave nothing half done", async () => {
    await using folder = await Folder.of({
      "package.json": "{}",
      "node_modules/kserve-ts-not-published/package.json": '{"version":"1.0.0"}',
      ".npmrc": "registry=http://127.0.0.1:9/\nfetch-retries=0\n",
    });
    const name = "kserve-ts-not-published";
    const packages = new Map([[name, folder.at(`node_modules/${name}`)]]);
    await expect(stagedFiles(input(folder, { projectFolder: folder.path, packages }))).rejects.toMatchObject({
      code: "KTS_BUILD_FAILED",
      message: expect.stringMatching(/npm could not install the dependencies:\n.*ECONNREFUSED/s) as string,
    });
    expect(await readdir(folder.at("cache/dependencies"))).toEqual([]);
  });

  it("end when the work is cancelled", async () => {
    await using folder = await Folder.of({});
    const signal = AbortSignal.abort();
    await expect(stagedFiles(input(folder, { signal }))).rejects.toMatchObject({ code: "KTS_CANCELLED" });
  });
});
