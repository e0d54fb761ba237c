import { el } from "./dom.ts";

/** More digits say nothing. */
export function short(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-4 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

/** A bar chart of a list of numbers; the largest stands out. Its rows can be read as a table. */
export function barChart(label: string, values: readonly number[], names: readonly string[]): HTMLElement {
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
  const range = most - least || 1;
  const best = values.indexOf(Math.max(...values));
  const rows = values.map((value, index) => {
    const bar = el("div", { class: "bar" });
    bar.style.marginLeft = `${((Math.min(0, value) - least) / range) * 100}%`;
    bar.style.width = `${(Math.abs(value) / range) * 100}%`;
    return el(
      "tr",
      { class: index === best && "best" },
      el("th", { scope: "row" }, names[index] ?? String(index)),
      el("td", { class: "track" }, bar),
      el("td", { class: "number" }, short(value)),
    );
  });
  return el("table", { class: "bars" }, el("caption", {}, label), el("tbody", {}, ...rows));
}
