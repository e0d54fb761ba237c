import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { byteText } from "../../../cli/terminal/byte-text.ts";
import { createOciEngine } from "../../../builder/oci/index.ts";
import { layoutBase, registryBase } from "../../builder/oci/bases.ts";
import { planOf, scratch, work } from "../../builder/oci/plans.ts";
import { MemoryRegistry } from "../../builder/registry/memory-registry.ts";
import { runCli } from "../run-cli.ts";

const LABELS = {
  "io.kserve-ts.model-name": "digits",
  "io.kserve-ts.model-hash": "sha256:abc",
  "io.kserve-ts.server-version": "0.1.0",
  "io.kserve-ts.signature": JSON.stringify({ inputs: [{ name: "x", datatype: "FP32", shape: [-1, 64] }] }),
  "io.kserve-ts.proof": JSON.stringify({ coldStartMs: 312, note: "\u001b[31mred\u001b[2J" }),
};

async function builtImage(folder: string, base: string, reference: string) {
  const engine = createOciEngine({ storeFolder: join(folder, "store") });
  const model = { "/mnt/models/model.onnx": "weights" };
  return {
    engine,
    image: await engine.build(await planOf({ base, labels: LABELS }, { model }), reference, work()),
  };
}

describe("kserve-ts inspect", () => {
  it("shows an image of a registry without asking for its layers", async () => {
    await using folder = await scratch();
    await using registry = await MemoryRegistry.start();
    const base = await registryBase(folder.path, registry);
    const name = `${registry.host}/me/digits:1`;
    const { engine, image } = await builtImage(folder.path, base.name, name);
    const { digest } = await engine.publish(image, work());
    const before = registry.came.length;
    const { stdout, stderr, exitCode } = await runCli(["inspect", name]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(registry.came.slice(before).map(({ method, url }) => `${method} ${url}`)).toEqual([
      "GET /v2/me/digits/manifests/1",
      `GET /v2/me/digits/blobs/${image.id}`,
    ]);
    const shown = stdout.replaceAll(/sha256:[0-9a-f]{12,}/g, (found) =>
      found === digest ? "<digest>" : "<sha256>",
    );
    expect(shown.replaceAll(registry.host, "<registry>").replaceAll(/ \d+ B/g, " <n> B"))
      .toMatchInlineSnapshot(`
        "<registry>/me/digits:1
          found in  the registry <registry>
          digest    <digest>
          id        <sha256>
          platform  linux/amd64
          base      <registry>/library/small:1
          user      65532:65532
          ports     8080/tcp, 8081/tcp, 9000/tcp
          runs      node /opt/kserve-ts/server.js

        Model
          name       digits
          hash       sha256:abc
          kserve-ts  0.1.0
          node       24.0.0

        Signature
          inputs  [{"name":"x","datatype":"FP32","shape":[-1,64]}]

        Proof
          coldStartMs  312
          note          [31mred [2J

        Layers
          base      <n> B  <sha256>
          model     <n> B  <sha256>
        "
      `);
  });

  it("shows everything as JSON, of a folder too", async () => {
    await using folder = await scratch();
    const { engine, image } = await builtImage(folder.path, await layoutBase(folder.path), "me/digits:1");
    const layout = join(folder.path, "out");
    await engine.writeLayout(image, layout, work());
    const { stdout } = await runCli(["inspect", layout, "--output", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      image: layout,
      id: image.id,
      platform: "linux/amd64",
      user: "65532:65532",
      ports: ["8080/tcp", "8081/tcp", "9000/tcp"],
      model: { name: "digits", signature: { inputs: [{ name: "x" }] }, proof: { coldStartMs: 312 } },
      layers: [{}, { name: "model" }],
      labels: LABELS,
    });
  });

  it.each([
    [
      "a path that leads nowhere",
      "./nowhere",
      3,
      "There is no image ./nowhere: there is nothing at ./nowhere.",
    ],
    ["a name that is none", "Me/Digits", 2, "is no name of an image"],
  ])("refuses %s", async (_name, image, code, problem) => {
    const { stderr, exitCode } = await runCli(["inspect", image]);
    expect(stderr).toContain(problem);
    expect(exitCode).toBe(code);
  });
});

describe("a size", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [206_000_000, "206 MB"],
    [1_250_000_000, "1.3 GB"],
  ])("of %d is %s", (bytes, text) => {
    expect(byteText(bytes)).toBe(text);
  });
});
