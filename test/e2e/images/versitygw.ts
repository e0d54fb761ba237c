import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../integration/grpc/tools.ts";
import { TOOLS_CACHE } from "../../integration/tools-cache.ts";
import { mustRun, writeImageArchive } from "./image-archive.ts";

const VERSION = "v1.8.0";

/** The image of an S3 server, built from Go's module proxy. */
export const VERSITYGW = `localhost/versitygw:${VERSION.slice(1)}`;

/** The archive of `VERSITYGW`; the first run builds the program, in a minute or two. */
export async function versitygwImage(): Promise<string> {
  const archive = join(TOOLS_CACHE, "images", `versitygw-${VERSION}.tar`);
  if (existsSync(archive)) return archive;
  await mkdir(join(TOOLS_CACHE, "images"), { recursive: true, mode: 0o700 });
  const work = await mkdtemp(join(TOOLS_CACHE, "images", "versitygw-work-"));
  try {
    console.log("image versitygw: building it from Go sources");
    const env = { ...process.env, CGO_ENABLED: "0", GOBIN: join(work, "bin"), GOTOOLCHAIN: "auto" };
    const built = await run("go", ["install", `github.com/versity/versitygw/cmd/versitygw@${VERSION}`], {
      env,
    });
    if (built.code !== 0) throw new Error(`versitygw cannot be built:\n${built.stderr}`);
    const root = join(work, "root");
    // Where it keeps its buckets; any user may.
    await mkdir(join(root, "data"), { recursive: true });
    await chmod(join(root, "data"), 0o777);
    await copyFile(join(work, "bin/versitygw"), join(root, "versitygw"));
    const layer = join(work, "layer.tar");
    const owner = ["--owner=0", "--group=0", "--numeric-owner"];
    await mustRun("tar", ["--create", "--file", layer, ...owner, "--directory", root, "."]);
    await writeImageArchive(archive, {
      name: VERSITYGW,
      layers: [layer],
      user: "1000",
      entrypoint: ["/versitygw"],
    });
    return archive;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
