import { mkdir, symlink } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { prune } from "../../../builder/plan/prune.ts";
import { walk } from "../../../builder/plan/walk.ts";
import { Folder, elf } from "../project.ts";

const X64 = elf(0x3e);
const ARM64 = elf(0xb7);

async function kept(folder: Folder, architecture: "amd64" | "arm64" = "amd64") {
  const files = await prune(await walk(folder.path, () => false), { os: "linux", architecture });
  return files.map(({ path }) => path);
}

describe("pruning", () => {
  it("keeps native files of the platform alone, whatever their folders are called", async () => {
    await using folder = await Folder.of({
      "onnx/bin/linux/x64/a.node": X64,
      "onnx/bin/linux/x64/libo.so.1": X64,
      "onnx/bin/linux/arm64/a.node": ARM64,
      "onnx/bin/darwin/arm64/a.node": Buffer.from([0xcf, 0xfa, 0xed, 0xfe]),
      "onnx/bin/win32/x64/a.dll": "MZ",
      "p/prebuilds/linux-x64/p.glibc.node": X64,
      "p/prebuilds/linux-x64/p.musl.node": X64,
      "p/build/p.node": ARM64,
      "p/index.js": "",
    });
    const common = ["p/index.js"];
    expect(await kept(folder)).toEqual([
      "onnx/bin/linux/x64/a.node",
      "onnx/bin/linux/x64/libo.so.1",
      ...common,
      "p/prebuilds/linux-x64/p.glibc.node",
    ]);
    expect(await kept(folder, "arm64")).toEqual(["onnx/bin/linux/arm64/a.node", "p/build/p.node", ...common]);
  });

  it("drops what no program reads, and keeps licences", async () => {
    await using folder = await Folder.of({
      "a/index.js": "",
      "a/index.js.map": "",
      "a/index.d.ts": "",
      "a/lib/source.ts": "",
      "a/README.md": "",
      "a/LICENSE.md": "",
      "a/test/one.js": "",
      "a/lib/test/two.js": "",
      "@s/b/docs/x.js": "",
      "@s/b/node_modules/c/examples/y.js": "",
      "@s/b/node_modules/c/package.json": "",
      "a/.npmrc": "",
      "a/.env": "",
    });
    expect(await kept(folder)).toEqual([
      "@s/b/node_modules/c/package.json",
      "a/LICENSE.md",
      "a/index.js",
      "a/lib/test/two.js",
    ]);
  });

  it("keeps links to what is kept, and drops those to what is not", async () => {
    await using folder = await Folder.of({ "t/lib/libt.so.2": X64, "t/lib/other.so.2": ARM64 });
    await symlink("libt.so.2", folder.at("t/lib/libt.so"));
    await symlink("other.so.2", folder.at("t/lib/other.so"));
    await mkdir(folder.at("t/bin"));
    await symlink("../lib/libt.so.2", folder.at("t/bin/libt.so"));
    expect(await kept(folder)).toEqual(["t/bin/libt.so", "t/lib/libt.so", "t/lib/libt.so.2"]);
  });
});
