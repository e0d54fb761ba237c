/**
 * Images of Python servers, as there is no registry to pull theirs from: Debian with its Python 3.11, packages of PyPI and
 * further ones of Debian in a layer above it. Each is made by the first run that wants it, and kept.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { program } from "../../integration/docker/packages.ts";
import { pythonEnvironment } from "../../integration/python-env.ts";
import { TOOLS_CACHE } from "../../integration/tools-cache.ts";
import { DEBIAN_MIRROR, unpackDebian } from "./debian-packages.ts";
import { type ImageSpec, mustRun, writeImageArchive } from "./image-archive.ts";

/** A server that is made of Python packages. */
export interface PythonImage extends Omit<ImageSpec, "layers"> {
  /** Packages of PyPI, as pip takes them. */
  readonly packages: readonly string[];
  /** Modules that the server imports, with commas. They are tried, and Python keeps them compiled for the server's start. */
  readonly imports: string;
  /** Packages that those ask for and that are not wanted, such as a GPU's. */
  readonly without?: readonly string[];
  /** Folders of them that nothing here reads, such as headers. */
  readonly unread?: readonly string[];
  /** Debian's packages beside Python. Their scripts do not run. */
  readonly debian?: readonly string[];
  /** Packages that those ask for and that are not wanted. */
  readonly withoutDebian?: readonly string[];
  /** Texts or files of ours, by their absolute path in the image; all may be run. */
  readonly files?: Readonly<Record<string, { readonly text: string } | { readonly path: string }>>;
}

/** Counts up when images are made otherwise from the same recipe. */
const REVISION = 1;

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
 * Its file's name has a hash of the recipe, and of our files in it.
 * @param name how the file's name begins
 */
export async function pythonImage(name: string, image: PythonImage): Promise<string> {
  const folder = join(TOOLS_CACHE, "images");
  const texts = await textsOf(image.files ?? {});
  const recipe = createHash("sha256").update(JSON.stringify([REVISION, image, texts]));
  const archive = join(folder, `${name}-${recipe.digest("hex").slice(0, 12)}.tar`);
  if (existsSync(archive)) return archive;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const started = Date.now();
  const say = (text: string) =>
    console.log(`image ${name}, ${Math.round((Date.now() - started) / 1000)} s: ${text}`);
  const base = await debianLayer(say);
  const work = await mkdtemp(join(folder, `${name}-work-`));
  try {
    const layer = join(work, "layer");
    await mkdir(join(layer, dirname(PACKAGES)), { recursive: true });
    if (image.debian !== undefined) {
      say(`unpacking Debian's ${image.debian.join(" ")}`);
      await unpackDebian(layer, { packages: image.debian, without: image.withoutDebian ?? [], base, work });
    }
    say(`installing ${image.packages.join(" ")}`);
    await installPackages(join(layer, PACKAGES), image, work);
    for (const path of image.unread ?? []) await rm(join(layer, PACKAGES, path), { recursive: true });
    for (const [path, text] of Object.entries(texts)) {
      await mkdir(dirname(join(layer, path)), { recursive: true });
      await writeFile(join(layer, path), text);
      await chmod(join(layer, path), 0o755);
    }
    say(`trying import ${image.imports}`);
    const env = { PYTHONPATH: PACKAGES, ...image.env };
    await tryImports(image.imports, { base, layer, work, env });
    say("packing");
    await tarOf(layer, join(work, "layer.tar"));
    await rm(layer, { recursive: true, force: true });
    await writeImageArchive(archive, {
      ...image,
      layers: [base, join(work, "layer.tar")],
      env: { ...env, PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1" },
    });
    await removeOthers(folder, name, archive);
    say("made");
    return archive;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function textsOf(files: NonNullable<PythonImage["files"]>): Promise<Record<string, string>> {
  const texts = Object.entries(files).map(async ([path, content]) => [
    path,
    "text" in content ? content.text : await readFile(content.path, "utf8"),
  ]);
  return Object.fromEntries(await Promise.all(texts)) as Record<string, string>;
}

/** An image takes up to a gigabyte: those of earlier recipes go. */
async function removeOthers(folder: string, name: string, archive: string): Promise<void> {
  for (const other of await readdir(folder)) {
    if (!new RegExp(`^${name}-(\\d|[0-9a-f]{12})\\.tar$`).test(other) || join(folder, other) === archive)
      continue;
    await rm(join(folder, other), { force: true });
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

/** Where and as what modules are imported. */
interface Trial {
  readonly base: string;
  readonly layer: string;
  readonly work: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Imports modules as the image would, with its layers above each other; what Python compiles stays in the upper one. */
async function tryImports(imports: string, { base, layer, work, env }: Trial): Promise<void> {
  const [lower, merged, scratch] = ["lower", "merged", "scratch"].map((name) => join(work, name));
  for (const folder of [lower, merged, scratch]) await mkdir(folder as string);
  await mustRun("tar", ["--extract", "--file", base, "--directory", lower as string]);
  const mounts = [
    "set -e",
    `mount -t overlay overlay -o lowerdir=${lower},upperdir=${layer},workdir=${scratch} ${merged}`,
    `mount -t proc proc ${merged}/proc`,
    `mount --rbind /dev ${merged}/dev`,
    `exec chroot ${merged} env "$@"`,
  ];
  const settings = Object.entries({ PATH: "/usr/bin:/bin", ...env }).map((pair) => pair.join("="));
  // In namespaces of its own: the mounts go with them.
  await mustRun("unshare", [
    ...["--mount", "--pid", "--fork", "bash", "-c", mounts.join("\n"), "try", "--ignore-environment"],
    ...[...settings, "python3", "-c", `import ${imports}`],
  ]);
}

/** Debian with Python, as a layer. */
async function debianLayer(say: (text: string) => void): Promise<string> {
  const folder = join(TOOLS_CACHE, "images");
  const path = join(folder, "bookworm-python.tar");
  if (existsSync(path)) return path;
  const debootstrap = await program("debootstrap");
  if ("reason" in debootstrap) throw new Error(debootstrap.reason);
  say("installing Debian");
  const work = await mkdtemp(join(folder, "bookworm-"));
  try {
    const root = join(work, "root");
    await mustRun(debootstrap.path, [
      ...["--variant=minbase", `--include=${BASE_PACKAGES.join(",")}`],
      ...["bookworm", root, DEBIAN_MIRROR],
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
