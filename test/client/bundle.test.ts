import { type Metafile, build } from "esbuild";
import { describe, expect, it } from "vitest";

/** The modules that an entry point loads at once, and the packages and modules of Node among them. */
async function loadedBy(entry: string): Promise<ReadonlySet<string>> {
  const { metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    outdir: "unwritten",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const loaded = new Set<string>();
  collect(metafile, entry, loaded);
  return loaded;
}

function collect({ inputs }: Metafile, file: string, loaded: Set<string>): void {
  if (loaded.has(file)) return;
  loaded.add(file);
  for (const { path, kind } of inputs[file]?.imports ?? []) {
    if (kind === "import-statement") collect({ inputs, outputs: {} }, path, loaded);
  }
}

describe("the client's entry point", () => {
  it("loads HTTP/2 only once it is used", async () => {
    const loaded = await loadedBy("client/index.ts");
    expect(loaded).toContain("client/grpc/grpc-inference-client.ts");
    expect(loaded).not.toContain("node:http2");
    expect(await loadedBy("client/grpc/grpc-transport.ts")).toContain("node:http2");
  });
});
