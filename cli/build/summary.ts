import { type BuildPlan, type BuiltImage, platformName } from "../../builder/index.ts";
import { layOut } from "../terminal/columns.ts";
import { shellWord } from "../terminal/shell-word.ts";
import { byteText } from "../terminal/byte-text.ts";
import type { BuildOutcome } from "./outcome.ts";

/** What a plan comes to: its layers with their sizes, and its Dockerfile. */
export function planText(plan: BuildPlan, dockerfile: string): string {
  const rows = plan.layers.map(({ name, files, bytes, hash }) => {
    const count = files.length === 1 ? "1 file" : `${files.length} files`;
    return [name, byteText(bytes), count, hash];
  });
  const total = plan.layers.reduce((sum, { bytes }) => sum + bytes, 0);
  const head = `Plan of an image on ${plan.base} for ${platformName(plan.platform)}, ${byteText(total)} above it:`;
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

/** What became of a build: sizes by layer, the digest, where it is, and what to do next. */
export function resultText(reference: string, outcome: BuildOutcome, isOci: boolean): string {
  const { published, layout, archive } = outcome;
  const lines = outcome.images.flatMap((image) => [...imageLines(image), ""]);
  if (layout !== undefined) lines.push(`Wrote the layout ${shellWord(layout)}`);
  if (archive !== undefined) lines.push(`Wrote the archive ${shellWord(archive)}`);
  if (published !== undefined) {
    lines.push(`Pushed ${published.reference}`, `Sent ${byteText(published.sentBytes)}; the rest was there.`);
  } else if (isOci && layout === undefined && archive === undefined) {
    lines.push("It is in the store of this machine alone; --push, --layout or --archive take it further.");
  }
  const next = nextCommand(reference, outcome, isOci);
  if (next === undefined) return lines.join("\n").trimEnd();
  if (lines.at(-1) !== "") lines.push("");
  return [...lines, "Next:", `  ${next}`].join("\n");
}

function imageLines({ reference, id, platform, unchanged, layers }: BuiltImage): string[] {
  const base = layers.filter(({ name }) => name === undefined).reduce((sum, { bytes }) => sum + bytes, 0);
  const ours = layers.flatMap(({ name, bytes }) => (name === undefined ? [] : [[name, bytes] as const]));
  const rows = [["base", base] as const, ...ours].map(([name, bytes]) => [name, byteText(bytes)]);
  return [
    `${unchanged ? "Unchanged:" : "Built"} ${reference} for ${platformName(platform)}, ${id}`,
    "",
    ...layOut(rows, 2),
  ];
}

function nextCommand(
  reference: string,
  { published, layout, archive }: BuildOutcome,
  isOci: boolean,
): string | undefined {
  if (published !== undefined) return `kserve-ts inspect ${shellWord(published.reference)}`;
  if (!isOci) return `kserve-ts run ${shellWord(reference)}`;
  if (archive !== undefined) {
    return `docker load -i ${shellWord(archive)} && kserve-ts run ${shellWord(reference)}`;
  }
  return layout === undefined ? undefined : `kserve-ts inspect ${shellWord(pathName(layout))}`;
}

/** A path as `inspect` tells it from a name. */
function pathName(path: string): string {
  return /^\.{0,2}\//.test(path) ? path : `./${path}`;
}

/** The same for programs: an image of several platforms has each under `images`. */
export function resultJson(reference: string, outcome: BuildOutcome, warnings: readonly string[]) {
  const { images, published, proof, layout, archive } = outcome;
  const [image] = images;
  return {
    kind: "result",
    ...(images.length === 1 && image !== undefined
      ? imageJson(image)
      : { reference, images: images.map(imageJson) }),
    ...(published !== undefined && { published }),
    proof,
    layout,
    archive,
    warnings,
  };
}

function imageJson(image: BuiltImage) {
  return {
    ...image,
    platform: platformName(image.platform),
    layers: image.layers.map(({ name, bytes }) => ({ name: name ?? "base", bytes })),
  };
}
