import { access } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { settleInstallScripts } from "../../../builder/plan/install-scripts.ts";
import { Folder, elf } from "../project.ts";

const AMD64 = { os: "linux", architecture: "amd64" } as const;
const LIST = JSON.stringify({
  packages: { "node_modules/n": { hasInstallScript: true }, "node_modules/o": {} },
});
const manifest = (more: object) => JSON.stringify({ name: "n", version: "1.0.0", ...more });

async function settle(stage: Folder, from: readonly string[] = []) {
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text);
  await settleInstallScripts(stage.path, { from, platform: AMD64, warn });
  return warnings;
}

describe("a package with an install script", () => {
  const compiled = manifest({ scripts: { install: "node-gyp rebuild" } });

  it("needs none where it brings the platform's native code", async () => {
    await using stage = await Folder.of({
      "node_modules/.package-lock.json": LIST,
      "node_modules/n/package.json": compiled,
      "node_modules/n/prebuilds/n.node": elf(0x3e),
    });
    expect(await settle(stage)).toEqual([]);
  });

  it("needs none where a package of its own has the platform's code", async () => {
    await using stage = await Folder.of({
      "node_modules/.package-lock.json": LIST,
      "node_modules/n/package.json": manifest({
        optionalDependencies: { "n-linux-x64": "1" },
        gypfile: true,
      }),
      "node_modules/n-linux-x64/package.json": JSON.stringify({ cpu: ["x64"] }),
    });
    expect(await settle(stage)).toEqual([]);
  });

  it("is warned of where it would do something else", async () => {
    await using stage = await Folder.of({
      "node_modules/.package-lock.json": LIST,
      "node_modules/n/package.json": manifest({ scripts: { postinstall: "node thank.js" } }),
    });
    expect(await settle(stage)).toEqual([
      expect.stringContaining("the install script of n@1.0.0 was not run"),
    ]);
  });

  it("is taken from where the project has it built, in the same version and for the platform", async () => {
    await using stage = await Folder.of({
      "node_modules/.package-lock.json": LIST,
      "node_modules/n/package.json": compiled,
    });
    await using project = await Folder.of({
      "node_modules/n/package.json": compiled,
      "node_modules/n/build/Release/n.node": elf(0x3e),
      "node_modules/n/node_modules/x/index.js": "",
    });
    expect(await settle(stage, [project.path])).toEqual([]);
    await access(stage.at("node_modules/n/build/Release/n.node"));
    await expect(access(stage.at("node_modules/n/node_modules"))).rejects.toThrow("ENOENT");
  });

  it.each([
    ["for another platform", "1.0.0", elf(0xb7)],
    ["in another version", "2.0.0", elf(0x3e)],
  ])("is refused where the project has it built %s", async (_what, version, native) => {
    await using stage = await Folder.of({
      "node_modules/.package-lock.json": LIST,
      "node_modules/n/package.json": compiled,
    });
    await using project = await Folder.of({
      "node_modules/n/package.json": JSON.stringify({ name: "n", version }),
      "node_modules/n/n.node": native,
    });
    await expect(settle(stage, [project.path])).rejects.toMatchObject({
      code: "KTS_BUILD_INPUT",
      message: expect.stringContaining("n@1.0.0 has native code") as string,
    });
  });
});
