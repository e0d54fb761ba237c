import type { RequestView } from "../wire.ts";
import { short } from "./bars.ts";
import { el } from "./dom.ts";

/** Where a request's time went: a bar of its stages, and the same as a list. */
export function stageBar({ stages, totalMs }: RequestView, roundTripMs: number): HTMLElement {
  const { queue, preProcess, predict, postProcess } = stages ?? {
    queue: 0,
    preProcess: 0,
    predict: 0,
    postProcess: 0,
  };
  const inStages = queue + preProcess + predict + postProcess;
  const all = [
    ["queue", queue],
    ["preProcess", preProcess],
    ["predict", predict],
    ["postProcess", postProcess],
    ["server", Math.max(0, totalMs - inStages)],
    ["browser", Math.max(0, roundTripMs - totalMs)],
  ] as const;
  // A request that failed before the predictor has none of its stages, and most predictors have but some.
  const parts = all.filter(([, ms], index) => ms > 0 || (stages !== undefined && index === 2));
  const whole = parts.reduce((sum, [, ms]) => sum + ms, 0) || 1;
  const bar = el("div", { class: "stage-bar", "aria-hidden": "true" });
  const list = el("dl", { class: "stages" });
  parts.forEach(([name, ms]) => {
    const index = all.findIndex(([other]) => other === name);
    const piece = el("span", { class: `s${index}` });
    piece.style.width = `${(ms / whole) * 100}%`;
    bar.append(piece);
    list.append(
      el(
        "div",
        {},
        el("dt", {}, el("i", { class: `s${index}`, "aria-hidden": "true" }), name),
        el("dd", {}, `${short(Number(ms.toFixed(2)))} ms`),
      ),
    );
  });
  return el("div", { class: "timing" }, bar, list);
}
