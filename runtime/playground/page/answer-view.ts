import type { RequestView } from "../wire.ts";
import { barChart } from "./bars.ts";
import { el, select, show } from "./dom.ts";
import { imageOf, imageOfBase64 } from "./picture-file.ts";
import { drawPicture } from "./picture.ts";
import { type Row, barsOf, columnsOf, pictureOf, rowsOf } from "./rows.ts";
import type { Answer } from "./send.ts";
import { stageBar } from "./stages.ts";
import { Tabs } from "./tabs.ts";
import { compactJson, printJson } from "./values.ts";

/** More would make the page slow. */
const MOST_ROWS = 100;
const MOST_EVENTS = 200;
const MOST_PICTURES = 16;
const LONGEST_CELL = 160;
const LONGEST_TEXT = 100_000;

/** The answer: as a table, bars, a picture, or what came. */
export class AnswerView {
  readonly element: HTMLElement;
  readonly #status = el("p", { class: "status", role: "status" }, "Nothing has been sent yet.");
  readonly #problem = el("div", { role: "alert" });
  readonly #timing = el("div");
  readonly #table = el("div", { class: "scroll" });
  readonly #chart = el("div");
  readonly #image = el("div", { class: "pictures" });
  readonly #raw = el("pre", { class: "code" });
  readonly #events = el("ol", { class: "events", "aria-live": "polite" });
  readonly #tabs: Tabs;
  #eventCount = 0;

  constructor() {
    this.#tabs = new Tabs("Views of the answer", [
      { name: "Chart", panel: this.#chart },
      { name: "Image", panel: this.#image },
      { name: "Table", panel: this.#table },
      { name: "Events", panel: this.#events },
      { name: "Raw", panel: this.#raw },
    ]);
    this.#tabs.element.hidden = true;
    this.element = el(
      "div",
      { class: "stack" },
      this.#status,
      this.#problem,
      this.#timing,
      this.#tabs.element,
    );
  }

  /** A request is on its way. */
  wait(): void {
    this.#status.textContent = "Waiting for the answer …";
    show(this.#problem);
    show(this.#timing);
    show(this.#events);
    this.#eventCount = 0;
  }

  /** One of a stream's answers. */
  addEvent(value: unknown): void {
    if (this.#eventCount++ === 0) {
      this.#tabs.element.hidden = false;
      for (const name of ["Chart", "Image", "Table", "Raw"]) this.#tabs.offer(name, false);
      this.#tabs.offer("Events", true);
      this.#tabs.open("Events");
    }
    this.#status.textContent = `Streaming: ${this.#eventCount} ${this.#eventCount === 1 ? "answer" : "answers"} so far …`;
    const rows = rowsOf(value);
    const text = rows === undefined ? compactJson(value) : rows.map(rowText).join(" ");
    this.#events.append(el("li", {}, shortened(text)));
    if (this.#events.children.length > MOST_EVENTS) this.#events.firstElementChild?.remove();
  }

  /** The answer is there. */
  show(answer: Answer): void {
    const { status, statusText, ms, size, contentType } = answer;
    const isStream = contentType.startsWith("text/event-stream");
    const isGood = answer.error === undefined;
    show(
      this.#status,
      el("b", { class: isGood ? "good" : "bad" }, `${status} ${statusText}`),
      ` in ${ms.toFixed(1)} ms, ${size.toLocaleString("en")} bytes`,
      isStream && `, ${this.#eventCount} ${this.#eventCount === 1 ? "event" : "events"}`,
    );
    if (!isGood) this.#showProblem(answer.error ?? statusText);
    this.#tabs.element.hidden = false;
    const rows = isGood ? rowsOf(answer.value) : undefined;
    const views = {
      Chart: rows !== undefined && this.#showChart(rows),
      Image: isGood && this.#showImage(answer, rows),
      Table: rows !== undefined && this.#showTable(rows),
      Events: isStream,
      Raw: true,
    };
    show(this.#raw, rawText(answer));
    for (const [name, isOffered] of Object.entries(views)) this.#tabs.offer(name, isOffered);
    const best = isStream ? "Events" : Object.entries(views).find(([, isOffered]) => isOffered)?.[0];
    this.#tabs.open(best ?? "Raw");
  }

  /** No answer came. */
  fail(message: string): void {
    this.#status.textContent = "No answer.";
    this.#showProblem(message);
    this.#tabs.element.hidden = true;
  }

  /** What the server remembers of the request: where its time went, and why it failed. */
  explain(record: RequestView, roundTripMs: number): void {
    show(this.#timing, stageBar(record, roundTripMs));
    const { error } = record;
    if (error === undefined) return;
    this.#showProblem(error.message, error.code, error.path, error.hint);
  }

  #showProblem(message: string, code?: string, path?: string, hint?: string): void {
    show(
      this.#problem,
      el(
        "div",
        { class: "problem" },
        el("p", {}, code !== undefined && el("code", {}, code), " ", message),
        path !== undefined && el("p", {}, "Field: ", el("code", {}, path)),
        hint !== undefined && el("p", { class: "hint" }, hint),
      ),
    );
  }

  #showTable(rows: readonly Row[]): boolean {
    const columns = columnsOf(rows);
    const body = rows
      .slice(0, MOST_ROWS)
      .map((row, index) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, String(index)),
          ...columns.map((column) => el("td", {}, shortened(cellText(row[column])))),
        ),
      );
    const isOne =
      rows.length === 1 && columns.length === 1 && cellText(rows[0]?.[columns[0] ?? ""]).length <= 24;
    this.#table.classList.toggle("one", isOne);
    const head = ["row", ...columns].map((name) => el("th", { scope: "col" }, name));
    show(
      this.#table,
      el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...body)),
      rows.length > MOST_ROWS && el("p", {}, `${rows.length - MOST_ROWS} further rows are not shown.`),
    );
    return rows.length > 0;
  }

  #showChart(rows: readonly Row[]): boolean {
    const charts = rows.flatMap((row, index) =>
      Object.entries(row).flatMap(([name, value]) => {
        const bars = barsOf(value);
        return bars === undefined ? [] : [{ label: rows.length > 1 ? `${name}, row ${index}` : name, bars }];
      }),
    );
    if (rows.length > 1 && charts.length === 0) {
      for (const name of columnsOf(rows)) {
        const bars = barsOf(rows.map((row) => row[name]));
        if (bars !== undefined) charts.push({ label: `${name} by row`, bars });
      }
      // Classes are numbers too, but of no size.
      if (charts.every(({ bars }) => bars.every(Number.isInteger))) charts.length = 0;
    }
    const place = el("div");
    const open = (at: number) => {
      const chart = charts[at];
      if (chart !== undefined) show(place, barChart(chart.label, chart.bars, []));
    };
    const choices = charts.map(({ label }, index) => [String(index), label] as const);
    this.#chart.classList.toggle("several", charts.length > 1);
    show(this.#chart, charts.length > 1 && select("Show", choices, (at) => open(Number(at))), place);
    open(0);
    return charts.length > 0;
  }

  /** Tensors that are pictures, and files of images: as a whole, or as base64 among others. */
  #showImage(answer: Answer, rows: readonly Row[] | undefined): boolean {
    const images = (rows ?? []).slice(0, MOST_PICTURES).flatMap((row) => {
      const whole = imageOfBase64(row, "The answer");
      if (whole !== undefined) return [whole];
      return Object.entries(row).flatMap(([name, value]) => {
        const picture = pictureOf(value);
        return imageOfBase64(value, name) ?? (picture && drawPicture(picture, name)) ?? [];
      });
    });
    const file = answer.value === undefined ? imageOf(answer.bytes, "The answer") : undefined;
    show(this.#image, file, ...images);
    return file !== undefined || images.length > 0;
  }
}

function rowText(row: Row): string {
  const values = Object.values(row);
  return values.length === 1 ? cellText(values[0]) : compactJson(row);
}

function cellText(value: unknown): string {
  return typeof value === "string" ? value : value === undefined ? "" : compactJson(value);
}

function shortened(text: string, most = LONGEST_CELL): string {
  return text.length <= most ? text : `${text.slice(0, most)} … (${text.length} characters)`;
}

function rawText({ value, bytes, contentType }: Answer): string {
  if (value !== undefined) return shortened(printJson(value), LONGEST_TEXT);
  if (contentType.startsWith("text/")) return shortened(new TextDecoder().decode(bytes), LONGEST_TEXT);
  const hex = [...bytes.subarray(0, 512)].map((byte) => byte.toString(16).padStart(2, "0"));
  return hex.join(" ") + (bytes.length > 512 ? " …" : "");
}
