import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createSbom } from "../../builder/sbom.ts";
import { scratch } from "./oci/plans.ts";

const { signal } = new AbortController();

/** A project with installed dependencies, as npm would have laid them. */
async function project(folder: string): Promise<string> {
  const root = join(folder, "app");
  const packages = {
    "": { name: "app", version: "1.0.0", dependencies: { b: "1.0.0", a: "2.0.0" } },
    "node_modules/b": { name: "b", version: "1.0.0", license: "MIT", dependencies: { a: "2.0.0" } },
    "node_modules/a": { name: "a", version: "2.0.0", license: "MIT" },
  };
  for (const [path, contents] of Object.entries(packages)) {
    await mkdir(join(root, path), { recursive: true });
    await writeFile(join(root, path, "package.json"), JSON.stringify(contents));
  }
  return root;
}

describe("the list of what is in an image", () => {
  it("names the packages, and is the same from two folders at two times", async () => {
    await using one = await scratch();
    await using other = await scratch();
    const first = await createSbom(await project(one.path), signal);
    const second = await createSbom(await project(other.path), signal);
    expect(Buffer.from(second).toString()).toBe(Buffer.from(first).toString());
    const bom = JSON.parse(Buffer.from(first).toString()) as Record<string, unknown>;
    expect(bom).toMatchObject({
      bomFormat: "CycloneDX",
      serialNumber: expect.stringMatching(
        /^urn:uuid:[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
      ) as string,
      components: [
        { name: "a", version: "2.0.0", purl: "pkg:npm/a@2.0.0" },
        { name: "b", version: "1.0.0", purl: "pkg:npm/b@1.0.0" },
      ],
    });
    expect(JSON.stringify(bom)).not.toContain(one.path);
    expect(JSON.stringify(bom)).not.toContain("timestamp");
  });

  it("is refused with npm's words where a dependency is missing", async () => {
    await using folder = await scratch();
    const root = await project(folder.path);
    await writeFile(
      join(root, "package.json"),
      JSON.stringify({ name: "app", dependencies: { gone: "1.0.0" } }),
    );
    await expect(createSbom(root, signal)).rejects.toMatchObject({
      code: "KTS_BUILD_INPUT",
      message: expect.stringMatching(/^The dependencies cannot be listed: npm: .*gone@1\.0\.0/) as string,
    });
  });
});
