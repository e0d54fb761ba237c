import { type PackageOptions, packageModel } from "../../../../deployer/artifacts/package-model.ts";
import type { PackagedModel } from "../../../../deployer/artifacts/types.ts";
import type { KtsError } from "../../../../contract/errors.ts";
import { failure, tempModel } from "../temp-model.ts";

/** Files by their paths. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Packages a folder of files that are written for it. */
export async function pack(files: Files, options: Partial<PackageOptions> = {}): Promise<PackagedModel> {
  await using model = await tempModel(files);
  return await packageModel({ path: model.folder, modelName: "m", ...options });
}

/** What packaging such a folder fails with. */
export async function refusal(files: Files, options: Partial<PackageOptions> = {}): Promise<KtsError> {
  return failure(() => pack(files, options));
}

/** The paths in the store. */
export function pathsOf(model: PackagedModel): readonly string[] {
  return model.files.map((file) => file.path);
}

/** The warnings' messages, as one text. */
export function warningsOf(model: PackagedModel): string {
  return model.warnings.map(({ message }) => message).join("\n");
}
