/**
 * Images of Python servers, as there is no registry to pull theirs from: Debian with its Python 3.11, packages of PyPI in a
 * layer above it. Each is made by the first run that wants it, and kept.
 */
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { program } from "../../integration/docker/packages.ts";
import { pythonEnvironment } from "../../integration/python-env.ts";
import { TOOLS_CACHE } from "../../integration/tools-cache.ts";
import { type ImageSpec, mustRun, writeImageArchive } from "./image-archive.ts";

/** A server that is made of Python packages. */
export interface PythonImage extends Omit<ImageSpec, "layers"> {
  /** Packages of PyPI, as pip takes them. */
  readonly packages: readonly string[];
  /** Packages that those ask for and that are not wanted, such as a GPU's. */
  readonly without?: readonly string[];
  /** Debian's packages beside Python. */
  readonly debian?: readonly string[];
  /** Texts or files of ours, by their absolute path in the image; all may be run. */
  readonly files?: Readonly<Record<string, { readonly text: string } | { readonly path: string }>>;
  /** Counts up when something else of the recipe changes. */
  readonly revision?: number;
}

/** Where an image's packages lie. */
const PACKAGES = "/opt/python";

const BASE_PACKAGES = [
  "python3-minimal",
  "libpython3-stdlib",
  "python3-distutils",
  "libgomp1",
  "ca-certificates",
];

/**
 * The archive of an image, made where it is not there yet: in half a minute to three minutes, with a line for each step.
 * @param name of its file
 */
export async function pythonImage(name: string, image: PythonImage): Promise<string> {
  const folder = join(TOOLS_CACHE, "images");
  const archive = join(folder, `${name}-${image.revision ?? 1}.tar`);
  if (existsSync(archive)) return archive;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const started = Date.now();
  const say = (text: string) =>
    console.log(`image ${name}, ${Math.round((Date.now() - started) / 1000)} s: ${text}`);
  const base = await debianLayer(image.debian ?? [], say);
  const work = await mkdtemp(join(folder, `${name}-work-`));
  try {
    say(`installing ${image.packages.join(" ")}`);
    const root = join(work, "root");
    await mkdir(root);
    // In Debian's own tree, as its Python is to compile them.
    await mustRun("tar", ["--extract", "--file", base, "--directory", root]);
    await installPackages(join(root, PACKAGES), image, work);
    await mustRun("chroot", [root, "python3", "-m", "compileall", "-q", "-j", "0", PACKAGES]).catch(
      () => undefined,
    );
    const layer = join(work, "layer");
    await mkdir(join(layer, dirname(PACKAGES)), { recursive: true });
    await rename(join(root, PACKAGES), join(layer, PACKAGES));
    for (const [path, content] of Object.entries(image.files ?? {})) {
      await mkdir(dirname(join(layer, path)), { recursive: true });
      if ("text" in content) await writeFile(join(layer, path), content.text, { mode: 0o755 });
      else await copyFile(content.path, join(layer, path));
    }
    await rm(root, { recursive: true, force: true });
    say("packing");
    await tarOf(layer, join(work, "layer.tar"));
    await writeImageArchive(archive, {
      ...image,
      layers: [base, join(work, "layer.tar")],
      env: { PYTHONPATH: PACKAGES, PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1", ...image.env },
    });
    say("made");
    return archive;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Installs wheels for the image's Python, whichever this machine has. */
async function installPackages(target: string, image: PythonImage, work: string): Promise<void> {
  const programs = await pythonEnvironment("uv", ["uv"]);
  const overrides = join(work, "overrides.txt");
  await writeFile(
    overrides,
    (image.without ?? []).map((name) => `${name} ; sys_platform == "never"\n`).join(""),
  );
  await mustRun(join(programs, "uv"), [
    ...["pip", "install", "--quiet", "--target", target, "--override", overrides],
    ...["--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28", "--only-binary", ":all:"],
    ...image.packages,
  ]);
}

/** Debian with Python and some packages, as a layer. */
async function debianLayer(packages: readonly string[], say: (text: string) => void): Promise<string> {
  const folder = join(TOOLS_CACHE, "images");
  const path = join(folder, `bookworm-${["python", ...packages].join("-")}.tar`);
  if (existsSync(path)) return path;
  const debootstrap = await program("debootstrap");
  if ("reason" in debootstrap) throw new Error(debootstrap.reason);
  say("installing Debian");
  const work = await mkdtemp(join(folder, "bookworm-"));
  try {
    const root = join(work, "root");
    await mustRun(debootstrap.path, [
      ...["--variant=minbase", `--include=${[...BASE_PACKAGES, ...packages].join(",")}`],
      ...["bookworm", root, "http://deb.debian.org/debian"],
    ]);
    for (const unneeded of [
      "var/cache/apt/archives",
      "var/lib/apt/lists",
      "usr/share/doc",
      "usr/share/locale",
    ]) {
      await rm(join(root, unneeded), { recursive: true, force: true });
    }
    await tarOf(root, join(work, "root.tar"));
    await rename(join(work, "root.tar"), path);
    return path;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function tarOf(folder: string, tar: string): Promise<void> {
  const owner = ["--numeric-owner"];
  await mustRun("tar", [
    "--create",
    "--file",
    tar,
    ...owner,
    "--exclude",
    "./dev/*",
    "--directory",
    folder,
    ".",
  ]);
}
