import { KtsError } from "../contract/errors.ts";

/** A release of KServe: `[0, 20, 0]`. */
export type KserveVersion = readonly [major: number, minor: number, patch: number];

/** The releases that manifests are made for: this one and those above. */
export const OLDEST_VERSION: KserveVersion = [0, 9, 0];

/** What came with a release, by the release. */
const SINCE = {
  azureKeys: [0, 10, 0],
  graphResources: [0, 10, 0],
  componentMetadata: [0, 11, 0],
  storageSecretAnnotation: [0, 11, 0],
  graphDependency: [0, 11, 0],
  externalAutoscaler: [0, 12, 0],
  huggingface: [0, 12, 0],
  ociUri: [0, 12, 0],
  graphScaling: [0, 13, 0],
  loggerMetadata: [0, 15, 0],
  autoScaling: [0, 15, 0],
  kedaAutoscaler: [0, 15, 0],
  hfUri: [0, 15, 0],
  hfSecret: [0, 15, 0],
  noAutoscaler: [0, 15, 2],
  stopAnnotation: [0, 15, 2],
  modeNames: [0, 16, 0],
  graphMapping: [0, 16, 0],
  plainServiceNames: [0, 16, 0],
  azureAccessToken: [0, 16, 0],
  standardCanary: [0, 20, 0],
  ociNativeUri: [0, 20, 0],
} as const satisfies Record<string, KserveVersion>;

/** Something that not every release has. */
export type KserveFeature = keyof typeof SINCE;

/** Whether a release has it. */
export function hasFeature(version: KserveVersion, feature: KserveFeature): boolean {
  return compareVersions(version, SINCE[feature]) >= 0;
}

/** The release that a feature came with: `v0.16.0`. */
export function sinceVersion(feature: KserveFeature): string {
  return versionText(SINCE[feature]);
}

/** A version as KServe's releases are called: `v0.20.0`. */
export function versionText([major, minor, patch]: KserveVersion): string {
  return `v${major}.${minor}.${patch}`;
}

/** Below 0 where `a` is older, above 0 where it is newer. */
export function compareVersions(a: KserveVersion, b: KserveVersion): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/**
 * Reads `v0.15.2`, `0.20` or `v0.16.0-rc1`.
 * @throws KtsError KTS_DEPLOY_INVALID when it is no version, or older than the oldest that manifests are made for
 */
export function parseVersion(text: string): KserveVersion {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+].*)?$/.exec(text.trim()) ?? [];
  if (major === undefined || minor === undefined) {
    throw new KtsError("KTS_DEPLOY_INVALID", `expected a version of KServe such as v0.20.0, got "${text}"`);
  }
  const version: KserveVersion = [Number(major), Number(minor), Number(patch ?? 0)];
  if (compareVersions(version, OLDEST_VERSION) < 0) {
    const oldest = versionText(OLDEST_VERSION);
    throw new KtsError("KTS_DEPLOY_INVALID", `KServe ${versionText(version)} is older than ${oldest}`, {
      hint: `Update KServe to ${oldest} or newer.`,
    });
  }
  return version;
}
