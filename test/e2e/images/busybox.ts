import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { run } from "../../integration/grpc/tools.ts";
import { TOOLS_CACHE } from "../../integration/tools-cache.ts";
import { type ImageSpec, mustRun, writeImageArchive } from "./image-archive.ts";

/** The image that helpers run by default. */
export const BUSYBOX = "docker.io/library/busybox:stable";

/** The programs of it that anything here calls. */
const APPLETS = "sh cat cut dirname find head httpd ln ls mkdir mv rm sha256sum sleep stat touch";

/** An image that stands in for another: BusyBox's web server with files at some paths. */
export interface StandIn {
  readonly name: string;
  /** Texts by the paths that they answer at. */
  readonly files: Readonly<Record<string, string>>;
}

/** The archive of `BUSYBOX`, of Debian's static BusyBox. */
export function busyboxImage(): Promise<string> {
  return imageOf("busybox", {}, { name: BUSYBOX, user: "0", command: ["sh"] });
}

/**
 * The archive of a modelcar: an image with a model's files in /models. It has no entry point, since KServe runs it by its
 * shell.
 * @param folder with the files
 */
export async function modelcarImage(name: string, folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = paths
    .toSorted()
    .map(async (path): Promise<[string, Buffer]> => [
      join("models", relative(folder, path)),
      await readFile(path),
    ]);
  return imageOf("modelcar", Object.fromEntries(await Promise.all(files)), { name, user: "1000" });
}

/** The archive of an image that answers every GET of its files on port 8080, whatever its arguments are. */
export function standInImage({ name, files }: StandIn): Promise<string> {
  const serve = ["/bin/sh", "-c", "trap 'exit 0' TERM; httpd -f -p 8080 -h /www & wait"];
  const pages = Object.entries(files).map(([path, text]) => [join("www", path), text]);
  return imageOf("stand-in", Object.fromEntries(pages), { name, user: "1000", entrypoint: serve });
}

/**
 * BusyBox with files. Its archive's name has a hash of all of it.
 * @param files by their paths in the image
 */
async function imageOf(
  title: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  spec: Omit<ImageSpec, "layers">,
): Promise<string> {
  const folder = join(TOOLS_CACHE, "images");
  const hash = createHash("sha256").update(JSON.stringify([APPLETS, spec]));
  for (const [path, content] of Object.entries(files)) hash.update(`\0${path}\0`).update(content);
  const archive = join(folder, `${title}-${hash.digest("hex").slice(0, 12)}.tar`);
  if (existsSync(archive)) return archive;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const work = await mkdtemp(join(folder, "busybox-work-"));
  try {
    const root = join(work, "root");
    const bin = join(root, "bin");
    await mkdir(bin, { recursive: true });
    await copyFile(await busybox(work), join(bin, "busybox"));
    await chmod(join(bin, "busybox"), 0o755);
    for (const applet of APPLETS.split(" ")) await mustRun("ln", ["-s", "busybox", join(bin, applet)]);
    for (const [path, content] of Object.entries(files)) {
      const file = join(root, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
    const layer = join(work, "layer.tar");
    const owner = ["--owner=0", "--group=0", "--numeric-owner"];
    await mustRun("tar", ["--create", "--file", layer, ...owner, "--directory", root, "."]);
    await writeImageArchive(archive, { ...spec, layers: [layer] });
    return archive;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The program, unpacked from its package: nothing is installed. */
async function busybox(work: string): Promise<string> {
  const download = () => run("apt-get", ["download", "busybox-static"], { cwd: work });
  if ((await download()).code !== 0) {
    await run("apt-get", ["update"]);
    await download();
  }
  const deb = (await readdir(work)).find((name) => name.endsWith(".deb"));
  if (deb === undefined) throw new Error("Debian's busybox-static cannot be downloaded");
  await mustRun("dpkg-deb", ["--extract", join(work, deb), join(work, "unpacked")]);
  const [path] = [join(work, "unpacked/bin/busybox"), join(work, "unpacked/usr/bin/busybox")].filter(
    existsSync,
  );
  if (path === undefined) throw new Error("there is no busybox in Debian's busybox-static");
  return path;
}
