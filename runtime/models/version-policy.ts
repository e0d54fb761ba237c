import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { VersionsSetting } from "../../contract/config.ts";

/** Which of a model's versions are served: the newest few, all, or those named. */
export type VersionPolicy = { readonly newest: number } | "all" | readonly number[];

/** The policy that a model's `versions` setting means. */
export function policyOf(setting: VersionsSetting): VersionPolicy {
  return setting === "latest" ? { newest: 1 } : setting;
}

/** Triton's own file about a model. */
const TRITON_CONFIG = "config.pbtxt";

/** What a model's `config.pbtxt` says of its versions. */
export interface TritonConfig {
  /** Undefined where the file has no `version_policy`. */
  readonly policy: VersionPolicy | undefined;
}

/** Reads Triton's configuration of a model as far as it means something here; undefined where there is none. */
export async function readTritonConfig(folder: string): Promise<TritonConfig | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, TRITON_CONFIG), "utf8");
  } catch {
    return undefined;
  }
  return { policy: policyOfTriton(text) };
}

/** `version_policy: { latest { num_versions: 2 } }`, `{ all { } }` or `{ specific { versions: [1, 3] } }`. */
function policyOfTriton(text: string): VersionPolicy | undefined {
  const uncommented = text.replaceAll(/#.*$/gm, "");
  const policy = /\bversion_policy\s*:?\s*\{\s*(latest|all|specific)\s*:?\s*\{([^}]*)\}/.exec(uncommented);
  if (policy === null) return undefined;
  const [, kind, members = ""] = policy;
  if (kind === "all") return "all";
  if (kind === "specific") {
    // A repeated field may be written as one list or once for each value.
    return [...members.matchAll(/\d+/g)].map(([number]) => Number(number));
  }
  return { newest: Number(/\bnum_versions\s*:\s*(\d+)/.exec(members)?.[1] ?? 1) };
}

/**
 * The versions to serve of those that are there.
 * @param there names of the version folders, highest first
 * @returns highest first; `missing` has the numbers that the policy names and nobody put there
 */
export function chooseVersions(
  there: readonly string[],
  policy: VersionPolicy,
): { readonly chosen: readonly string[]; readonly missing: readonly number[] } {
  if (policy === "all") return { chosen: there, missing: [] };
  if ("newest" in policy) return { chosen: there.slice(0, Math.max(1, policy.newest)), missing: [] };
  return {
    chosen: there.filter((version) => policy.includes(Number(version))),
    missing: policy.filter((number) => !there.some((version) => Number(version) === number)),
  };
}
