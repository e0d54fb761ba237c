import { KtsError } from "../../contract/errors.ts";

/** A release of KServe; what its runtimes accept goes by major and minor. */
export interface KServeVersion {
  readonly major: number;
  readonly minor: number;
}

/** What is taken where nothing is said: the newest release that the tables here were checked against. */
export const NEWEST_KSERVE: KServeVersion = { major: 0, minor: 20 };

/**
 * Reads a version of KServe: `v0.13.1`, `0.13`.
 * @throws KtsError KTS_CONFIG_INVALID
 */
export function parseKServeVersion(text: string): KServeVersion {
  const match = /^v?(\d+)\.(\d+)(?:\.\d+)?(?:[-+].*)?$/.exec(text.trim());
  if (match === null) {
    throw new KtsError(
      "KTS_CONFIG_INVALID",
      `expected a version of KServe such as v0.20.0, got ${JSON.stringify(text)}`,
    );
  }
  return { major: Number(match[1]), minor: Number(match[2]) };
}

/** Whether a version is at least 0.`minor`. */
export function isAtLeast(version: KServeVersion, minor: number): boolean {
  return version.major > 0 || version.minor >= minor;
}

/** `v0.13` */
export function kserveText({ major, minor }: KServeVersion): string {
  return `v${major}.${minor}`;
}
