import { type BuildPlan, type BuiltImage, type PublishedImage, platformName } from "../../builder/index.ts";
import { layOut } from "../terminal/columns.ts";
import { shellWord } from "../terminal/shell-word.ts";
import { bytesText } from "./bytes-text.ts";

/** What a plan comes to: its layers with their sizes, and its Dockerfile. */
export function planText(plan: BuildPlan, dockerfile: string): string {
  const rows = plan.layers.map(({ name, files, bytes, hash }) => {
    const count = files.length === 1 ? "1 file" : `${files.length} files`;
    return [name, bytesText(bytes), count, hash];
  });
  const total = plan.layers.reduce((sum, { bytes }) => sum + bytes, 0);
  const head = `Plan of an image on ${plan.base} for ${platformName(plan.platform)}, ${bytesText(total)} above it:`;
  return [head, "", ...layOut(rows, 2), "", dockerfile.trimEnd()].join("\n");
}

/** The same for programs. */
export function planJson(
  { base, platform, layers, image, hash, warnings, prepare }: BuildPlan,
  dockerfile: string,
) {
  return {
    kind: "plan",
    base,
    platform: platformName(platform),
    layers: layers.map(({ name, bytes, hash: layerHash, files }) => ({
      name,
      bytes,
      hash: layerHash,
      files: files.map(({ path }) => path),
    })),
    image,
    prepare,
    hash,
    warnings,
    dockerfile,
  };
}

/** What became of a build: sizes by layer, the digest, and what to do next. */
export function resultText(image: BuiltImage, published: PublishedImage | undefined): string {
  const { reference, id, platform, unchanged } = image;
  const base = image.layers
    .filter(({ name }) => name === undefined)
    .reduce((sum, { bytes }) => sum + bytes, 0);
  const ours = image.layers.flatMap(({ name, bytes }) =>
    name === undefined ? [] : [[name, bytes] as const],
  );
  const rows = [["base", base] as const, ...ours].map(([name, bytes]) => [name, bytesText(bytes)]);
  const lines = [
    `${unchanged ? "Unchanged:" : "Built"} ${reference} for ${platformName(platform)}, ${id}`,
    "",
    ...layOut(rows, 2),
    "",
  ];
  if (published !== undefined) {
    lines.push(
      `Pushed ${published.reference}`,
      `Sent ${bytesText(published.sentBytes)}; the rest was there.`,
    );
  } else {
    lines.push("Next:", `  kserve-ts run ${shellWord(reference)}`);
  }
  return lines.join("\n");
}

/** The same for programs. */
export function resultJson(image: BuiltImage, published: PublishedImage | undefined) {
  return {
    kind: "result",
    ...image,
    platform: platformName(image.platform),
    layers: image.layers.map(({ name, bytes }) => ({ name: name ?? "base", bytes })),
    ...(published !== undefined && { published }),
  };
}
