import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { link, mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { run } from "../../integration/grpc/tools.ts";

/** An image to be. */
export interface ImageSpec {
  /** With its registry, as the node is to know it: `docker.io/seldonio/mlserver:1.7.1`. */
  readonly name: string;
  /** Tar files, the lowest first. */
  readonly layers: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A number, as runtimes are to run as somebody else than root. */
  readonly user: string;
  readonly workFolder?: string;
}

/** Writes an image as an OCI archive, from layers that are there. It is whole, or not there. */
export async function writeImageArchive(archive: string, spec: ImageSpec): Promise<void> {
  const folder = await mkdtemp(join(dirname(archive), `${basename(archive)}-`));
  try {
    const blobs = join(folder, "image/blobs/sha256");
    await mkdir(blobs, { recursive: true });
    const blob = async (mediaType: string, value: object) => {
      const text = JSON.stringify(value);
      const digest = createHash("sha256").update(text).digest("hex");
      await writeFile(join(blobs, digest), text);
      return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(text) };
    };
    const layers = await Promise.all(
      spec.layers.map(async (layer) => {
        const hash = createHash("sha256");
        await pipeline(createReadStream(layer), hash);
        const digest = hash.digest("hex");
        await link(layer, join(blobs, digest));
        const { size } = await stat(layer);
        return { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: `sha256:${digest}`, size };
      }),
    );
    const config = await blob("application/vnd.oci.image.config.v1+json", {
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      os: "linux",
      config: {
        User: spec.user,
        WorkingDir: spec.workFolder ?? "/",
        Env: Object.entries({ PATH: "/usr/local/bin:/usr/bin:/bin", ...spec.env }).map((pair) =>
          pair.join("="),
        ),
        Entrypoint: spec.entrypoint,
        Cmd: spec.command,
      },
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    });
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const manifest = await blob(mediaType, { schemaVersion: 2, mediaType, config, layers });
    const annotations = { "io.containerd.image.name": spec.name };
    const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
    await writeFile(join(folder, "image/index.json"), JSON.stringify(index));
    await writeFile(join(folder, "image/oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    await mustRun("tar", [
      "--create",
      "--file",
      join(folder, "image.tar"),
      "--directory",
      join(folder, "image"),
      ".",
    ]);
    await rename(join(folder, "image.tar"), archive);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a program that must not fail. */
export async function mustRun(file: string, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run(file, args);
  if (code === 0) return;
  const lines = `${stdout}${stderr}`.trim().split("\n").slice(-12).join("\n");
  throw new Error(`${file} ${args.join(" ")} failed:\n${lines}`);
}
