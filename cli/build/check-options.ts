import { isImagePath } from "../../builder/oci/image-source.ts";
import { parseReference } from "../../builder/registry/reference.ts";
import { KtsError } from "../../contract/errors.ts";
import type { BuildOptions } from "../commands/build.ts";

/** Options that mean something to one engine alone. */
const ONLY_WITH = {
  docker: { buildArg: "--build-arg", noCache: "--no-cache" },
  oci: { layout: "--layout", archive: "--archive" },
} as const;

const INSTEAD = {
  docker: "Leave it out: the engine oci runs nothing and keeps layers by what is in them.",
  oci: "Add --engine oci, or have docker save write the image.",
} as const;

/**
 * Sees before any work that the options of `build` go together.
 * @param given keys of the options that somebody set
 * @throws KtsError KTS_USAGE with the options that do not
 */
export function checkBuildOptions(options: BuildOptions, given: ReadonlySet<string>): void {
  const { tag, dryRun, engine, base, platform, archive, proof } = options;
  if (tag === undefined && !dryRun) {
    throw new KtsError("KTS_USAGE", "build needs the image's name", {
      hint: "Give --tag registry/name:version, or --dry-run to see the plan alone.",
    });
  }
  if (tag !== undefined && parseReference(tag).digest !== undefined) {
    throw new KtsError("KTS_USAGE", `--tag is ${tag}: what the digest is, a build finds out`, {
      hint: "Give a name with a tag: registry/name:version.",
    });
  }
  const other = engine === "docker" ? "oci" : "docker";
  for (const [key, flag] of Object.entries(ONLY_WITH[other])) {
    if (!given.has(key)) continue;
    throw new KtsError("KTS_USAGE", `${flag} is for --engine ${other}, and ${engine} builds`, {
      hint: INSTEAD[other],
    });
  }
  if (engine === "oci" && given.has("proof") && proof) {
    throw new KtsError("KTS_USAGE", "--proof runs the image, which the engine oci cannot", {
      hint: "Leave it out, or build with --engine docker.",
    });
  }
  if (isImagePath(base)) {
    if (engine === "docker") {
      throw new KtsError("KTS_USAGE", `--base ${base} is a path, and Docker builds on images that it has`, {
        hint: "Add --engine oci, or docker load it and give its name.",
      });
    }
  } else parseReference(base);
  if (platform.length < 2) return;
  if (engine === "docker") {
    throw new KtsError("KTS_USAGE", `${platform.join(" and ")}: the engine docker builds for one platform`, {
      hint: "Add --engine oci, which puts several under one name, or build for each.",
    });
  }
  if (archive !== undefined) {
    throw new KtsError("KTS_USAGE", `${platform.join(" and ")}: an --archive has the image of one platform`, {
      hint: "Use --layout or --push, which take several, or an archive for each.",
    });
  }
}
