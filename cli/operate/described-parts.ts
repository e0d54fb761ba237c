import type { Condition } from "../../deployer/rollout/progress.ts";
import { ageText } from "../terminal/age-text.ts";
import { rowLines } from "../terminal/row-lines.ts";
import type { Style } from "../terminal/terminal.ts";

/** A text in a style, or as it is. */
export type Paint = (format: Style, text: string) => string;

export type Row = readonly string[];

/** A title, and the rows under it. */
export type Section = readonly [title: string, rows: readonly Row[]];

/** Conditions as rows. */
export function conditionRows(conditions: readonly Condition[]): readonly Row[] {
  return conditions.map(({ type, status, reason, message }) => [type, status, reason ?? "", message ?? ""]);
}

/** When something was made, and by whom; undefined where the cluster does not say. */
export function madeText(
  { createdAt, isOurs }: { readonly createdAt?: string; readonly isOurs: boolean },
  nowMs: number,
): string | undefined {
  if (createdAt === undefined) return undefined;
  return `${ageText(createdAt, nowMs)} ago, ${isOurs ? "by kserve-ts" : "not by kserve-ts"}`;
}

/** The lines of sections, each behind an empty one; those without rows are left out. */
export function sectionLines(sections: readonly Section[], paint: Paint): readonly string[] {
  return sections.flatMap(([title, rows]) =>
    rows.length === 0 ? [] : ["", paint("bold", title), ...rowLines(rows)],
  );
}
