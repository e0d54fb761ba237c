import { open } from "node:fs/promises";

/** Folders whose whole purpose is to hold credentials, or that have them in their files. */
const SECRET_FOLDERS = new Set([".ssh", ".aws", ".azure", ".gnupg", ".kube", ".docker", ".gcloud", ".git"]);

const SECRET_FILES: readonly RegExp[] = [
  /^\.env(\..*)?$/i,
  /^\.(npmrc|yarnrc|yarnrc\.yml|netrc|pypirc|pgpass|htpasswd|git-credentials|dockercfg)$/i,
  /^_netrc$/i,
  /^id_(rsa|dsa|ecdsa|ed25519)(_sk)?$/i,
  /\.(pem|key|p12|pfx|jks|keystore|ppk|kdbx)$/i,
  /^(credentials|service[-_]?account.*|application_default_credentials)\.json$/i,
];

/** What may stand in a repository in the place of secrets, for people to copy. */
const HARMLESS = /^\.env\.(example|sample|template|dist)$/i;

/**
 * Why a file must not enter an image, judged by its path alone; undefined when it may.
 * @param path relative to what it was found in, with `/`
 */
export function secretByName(path: string): string | undefined {
  const segments = path.split("/");
  const folder = segments.slice(0, -1).find((segment) => SECRET_FOLDERS.has(segment));
  if (folder !== undefined) return `it lies in ${folder}/, where credentials are`;
  const name = segments.at(-1) ?? "";
  if (HARMLESS.test(name)) return undefined;
  return SECRET_FILES.some((pattern) => pattern.test(name))
    ? "files of that name hold credentials or keys"
    : undefined;
}

/** Keys are short, and lie at the start of the files that hold them. */
const READ_BYTES = 65_536;

/**
 * Why a file must not enter an image, judged by how it begins: a private key, be it within JSON, or a token of a
 * registry. Undefined when it may.
 * @param path absolute
 */
export async function secretByContents(path: string): Promise<string | undefined> {
  await using file = await open(path);
  const buffer = Buffer.alloc(READ_BYTES);
  const { bytesRead } = await file.read(buffer, 0, READ_BYTES, 0);
  const text = buffer.toString("latin1", 0, bytesRead);
  if (/-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/.test(text)) return "it has a private key";
  if (/^\s*(?:\/\/[^\s=]+:)?_(?:authToken|auth|password)\s*=\s*[^\s$]/m.test(text)) {
    return "it has a token of a package registry";
  }
  return undefined;
}
