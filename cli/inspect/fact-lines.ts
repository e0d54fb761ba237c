import type { ImageFacts, LayerFacts, ModelFacts } from "../../builder/inspect.ts";
import { byteText } from "../terminal/byte-text.ts";
import { printable } from "../terminal/printable.ts";
import { present, rowLines } from "../terminal/row-lines.ts";

/** What an image says of itself, for people. What it does not say is left out. */
export function factLines(facts: ImageFacts, title: (text: string) => string): readonly string[] {
  const { model } = facts;
  const lines = [title(printable(facts.image)), ...rowLines(present(imageRows(facts)))];
  if (model === undefined) {
    lines.push("", "  It has no labels of kserve-ts: it was built by something else.");
  } else {
    const rows = present(modelRows(model));
    if (rows.length > 0) lines.push("", title("Model"), ...rowLines(rows));
    for (const [name, value] of [
      ["Signature", model.signature],
      ["Proof", model.proof],
    ] as const) {
      const fields = fieldRows(value);
      if (fields.length > 0) lines.push("", title(name), ...rowLines(fields));
    }
  }
  lines.push("", title("Layers"), ...rowLines(facts.layers.map(layerRow)));
  return lines;
}

type Row = readonly [string, string | undefined];

function imageRows(facts: ImageFacts): readonly Row[] {
  const list = (values: readonly string[]): string | undefined =>
    values.length === 0 ? undefined : values.join(", ");
  return [
    ["found in", facts.foundIn],
    ["digest", facts.digest],
    ["id", facts.id],
    ["platform", facts.platform],
    ["platforms", facts.platforms.length > 1 ? list(facts.platforms) : undefined],
    ["base", facts.base],
    ["user", facts.user],
    ["ports", list(facts.ports)],
    ["runs", facts.entrypoint.join(" ") || undefined],
  ];
}

function modelRows(model: ModelFacts): readonly Row[] {
  return [
    ["name", model.name],
    ["hash", model.hash],
    ["engine", model.engine],
    ["kserve-ts", model.serverVersion],
    ["node", model.nodeVersion],
    ["plan", model.planHash],
    ["sbom", model.sbom],
  ];
}

/** The fields of a label's JSON, a row each; whatever is deeper stays JSON. */
function fieldRows(value: unknown): readonly (readonly [string, string])[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== "object") return [["", String(value)]];
  return Object.entries(value).map(([name, field]) => [
    name,
    typeof field === "string" ? field : JSON.stringify(field),
  ]);
}

function layerRow({ name, digest, bytes }: LayerFacts): readonly string[] {
  const size = bytes === undefined ? "" : byteText(bytes);
  return [
    name ?? "base",
    size.padStart(8),
    digest === undefined ? "" : digest.slice(0, "sha256:".length + 12),
  ];
}
