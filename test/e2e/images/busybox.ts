import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
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
  return imageOf("busybox-stable", {}, { name: BUSYBOX, user: "0", command: ["sh"] });
}

/** The archive of an image that answers every GET of its files on port 8080, whatever its arguments are. */
export function standInImage({ name, files }: StandIn): Promise<string> {
  const serve = ["/bin/sh", "-c", "trap 'exit 0' TERM; httpd -f -p 8080 -h /www & wait"];
  return imageOf(`stand-in-${name.replaceAll(/[^a-z0-9]+/g, "-")}`, files, {
    name,
    user: "1000",
    entrypoint: serve,
  });
}

async function imageOf(
  title: string,
  files: StandIn["files"],
  spec: Omit<ImageSpec, "layers">,
): Promise<string> {
  const folder = join(TOOLS_CACHE, "images");
  const archive = join(folder, `${title}.tar`);
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
    for (const [path, text] of Object.entries(files)) {
      const file = join(root, "www", path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
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
