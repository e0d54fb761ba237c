import { el, show, svg } from "./dom.ts";

/** How far back a chart goes: a value a second. */
const POINTS = 60;
const WIDTH = 240;
const HEIGHT = 56;

/** One line of a chart. */
interface Line {
  readonly name: string;
  readonly values: (number | undefined)[];
}

/** The last minute of one or two figures. */
export class LineChart {
  readonly element: HTMLElement;
  readonly #lines: readonly Line[];
  readonly #unit: string;
  readonly #figures = el("p", { class: "figures" });
  readonly #plot = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    role: "img",
  });
  readonly #title: string;
  readonly #most = el("span", { "aria-hidden": "true" });

  /** @param unit with its space, such as ` ms` */
  constructor(title: string, names: readonly string[], unit: string) {
    this.#title = title;
    this.#unit = unit;
    this.#lines = names.map((name) => ({ name, values: [] }));
    this.element = el("div", { class: "chart" }, el("h3", {}, title, this.#most), this.#figures, this.#plot);
    this.#draw();
  }

  /** The next second's values; undefined where there is none. */
  add(values: readonly (number | undefined)[]): void {
    this.#lines.forEach((line, index) => {
      line.values.push(values[index]);
      if (line.values.length > POINTS) line.values.shift();
    });
    this.#draw();
  }

  clear(): void {
    for (const line of this.#lines) line.values.length = 0;
    this.#draw();
  }

  #draw(): void {
    const all = this.#lines.flatMap(({ values }) => values.filter((value) => value !== undefined));
    const most = Math.max(1e-9, ...all);
    const texts = this.#lines.map(({ name, values }) => {
      const last = values.findLast((value) => value !== undefined);
      return [name, last === undefined ? "–" : `${figure(last)}${this.#unit}`] as const;
    });
    show(
      this.#figures,
      ...texts.map(([name, text], index) =>
        el(
          "span",
          {},
          el("i", { class: `line${index}`, "aria-hidden": "true" }),
          `${name} `,
          el("b", {}, text),
        ),
      ),
    );
    this.#plot.setAttribute(
      "aria-label",
      `${this.#title}, the last minute: ${texts.map((text) => text.join(" ")).join(", ")}; most ${figure(all.length === 0 ? 0 : most)}${this.#unit}`,
    );
    this.#most.textContent = all.length === 0 || most < 1e-6 ? "" : `max ${figure(most)}${this.#unit}`;
    const paths = this.#lines.flatMap(({ values }, index) => {
      const { line, dots } = pathsOf(values, most);
      return [["", line] as const, [" dot", dots] as const].map(([kind, d]) =>
        svg("path", { class: `line${index}${kind}`, d, "vector-effect": "non-scaling-stroke" }),
      );
    });
    show(this.#plot, ...paths);
  }
}

function figure(value: number): string {
  return value >= 100 || Number.isInteger(value)
    ? Math.round(value).toLocaleString("en")
    : String(Number(value.toPrecision(3)));
}

interface Paths {
  /** Values that have a neighbour; gaps where there is no value. */
  readonly line: string;
  /** Those that have none. */
  readonly dots: string;
}

function pathsOf(values: readonly (number | undefined)[], most: number): Paths {
  const from = POINTS - values.length;
  let [line, dots] = ["", ""];
  values.forEach((value, index) => {
    if (value === undefined) return;
    const x = (((from + index) / (POINTS - 1)) * (WIDTH - 4) + 2).toFixed(1);
    const y = (HEIGHT - 2 - (value / most) * (HEIGHT - 6)).toFixed(1);
    const follows = values[index - 1] !== undefined;
    if (follows || values[index + 1] !== undefined) line += `${follows ? "L" : "M"}${x} ${y}`;
    else dots += `M${x} ${y}h.01`;
  });
  return { line, dots };
}

/** How often each of a few sizes came. */
export class BucketChart {
  readonly element: HTMLElement;
  readonly #title: string;
  readonly #figures = el("p", { class: "figures" });
  readonly #plot = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    role: "img",
  });

  constructor(title: string) {
    this.#title = title;
    this.element = el("div", { class: "chart" }, el("h3", {}, title), this.#figures, this.#plot);
  }

  /** @param bounds the largest of each bucket; what is above the last has a bucket of its own */
  update(bounds: readonly number[], counts: readonly number[]): void {
    const names = counts.map((_, index) => nameOf(bounds, index));
    const last = counts.findLastIndex((count) => count > 0);
    const shown = counts.slice(0, Math.max(4, last + 1));
    const most = Math.max(1, ...shown);
    const common = last < 0 ? undefined : names[counts.indexOf(Math.max(...counts))];
    show(
      this.#figures,
      el("span", {}, "most often ", el("b", {}, common ?? "–")),
      el("span", {}, "up to ", el("b", {}, names[last] ?? "–")),
    );
    const step = WIDTH / Math.max(1, shown.length);
    const bars = shown.map((count, index) => {
      const height = count === 0 ? 0 : Math.max(2, (count / most) * (HEIGHT - 4));
      return svg("rect", {
        class: "bucket",
        x: index * step + 1,
        y: HEIGHT - height,
        width: step - 2,
        height,
      });
    });
    show(this.#plot, ...bars);
    const texts = shown.map((count, index) => `${names[index]}: ${count}`);
    this.#plot.setAttribute("aria-label", `${this.#title}: ${texts.join(", ")}`);
  }
}

function nameOf(bounds: readonly number[], index: number): string {
  const [low, high] = [bounds[index - 1] ?? 0, bounds[index]];
  if (high === undefined) return `${low + 1}+`;
  return low + 1 === high || index === 0 ? String(high) : `${low + 1}–${high}`;
}
