import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mustRun } from "./image-archive.ts";

/** Where Debian's packages come from. */
export const DEBIAN_MIRROR = "http://deb.debian.org/debian";

/** Folders of packages that no server reads. */
const UNREAD = ["doc", "man", "locale", "icons", "fonts"].map((name) => `--exclude=./usr/share/${name}`);

/** Unpacks two packages at once, as there are two cores. */
const LANES = 2;

/** What is unpacked. */
interface DebianPackages {
  readonly packages: readonly string[];
  /** Packages that those ask for and that are left out. */
  readonly without: readonly string[];
  /** The tar of the Debian that they go onto: what it has already is not unpacked again. */
  readonly base: string;
  /** A folder for what is downloaded. */
  readonly work: string;
}

/**
 * Unpacks packages of bookworm and what they depend on into a folder. Nothing is installed: that takes three minutes for
 * PyTorch, and this half of one. So no script of theirs has run: what they would link (BLAS, `java`) is to be found by PATH
 * and LD_LIBRARY_PATH.
 */
export async function unpackDebian(
  root: string,
  { packages, without, base, work }: DebianPackages,
): Promise<void> {
  const apt = join(work, "apt");
  const archives = join(apt, "archives");
  await mkdir(join(apt, "lists/partial"), { recursive: true });
  await mkdir(join(archives, "partial"), { recursive: true });
  const keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
  await writeFile(join(apt, "sources.list"), `deb [signed-by=${keys}] ${DEBIAN_MIRROR} bookworm main\n`);
  await mustRun("tar", ["--extract", "--file", base, "--directory", apt, "./var/lib/dpkg/status"]);
  const settings = [
    `Dir::State::status=${join(apt, "var/lib/dpkg/status")}`,
    `Dir::State::lists=${join(apt, "lists")}`,
    `Dir::Etc::sourcelist=${join(apt, "sources.list")}`,
    "Dir::Etc::sourceparts=-",
    `Dir::Cache=${apt}`,
    `Dir::Cache::archives=${archives}`,
    "APT::Sandbox::User=root",
  ].flatMap((setting) => ["--option", setting]);
  await mustRun("apt-get", [...settings, "--quiet", "update"]);
  const how = ["--yes", "--no-install-recommends", "--download-only"];
  await mustRun("apt-get", [...settings, "--quiet", "install", ...how, ...packages]);
  // Debian's base has them as links, which must not become folders.
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    await mkdir(join(root, "usr", name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
  const unwanted = new Set(without);
  const waiting = (await readdir(archives)).filter(
    (name) => name.endsWith(".deb") && !unwanted.has(name.slice(0, name.indexOf("_"))),
  );
  const unpack = `set -o pipefail; dpkg-deb --fsys-tarfile "$1" | tar --extract --directory "$2" --keep-directory-symlink "\${@:3}"`;
  const lane = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      await mustRun("bash", ["-c", unpack, "unpack", join(archives, name), root, ...UNREAD]);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
