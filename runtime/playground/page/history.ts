import type { LogView, RequestView } from "../wire.ts";
import { el, show } from "./dom.ts";
import { Tabs } from "./tabs.ts";

const MOST_ROWS = 50;
const MOST_LINES = 200;

/** The last requests, whoever sent them, and the server's log. */
export class History {
  readonly element: HTMLElement;
  readonly #rows = el("tbody");
  readonly #none = el("p", { class: "hint" }, "No request yet. Those of other clients show here as well.");
  readonly #log = el("pre", { class: "code log" });
  readonly #emptyLog = "The server has logged nothing since it is ready.";

  constructor() {
    const head = ["time", "model", "protocol", "status", "ms", "error"].map((name) =>
      el("th", { scope: "col", class: name === "ms" && "number" }, name),
    );
    const table = el("table", { class: "history" }, el("thead", {}, el("tr", {}, ...head)), this.#rows);
    this.#log.textContent = this.#emptyLog;
    const tabs = new Tabs("What happened", [
      { name: "Requests", panel: el("div", { class: "scroll tall" }, table, this.#none) },
      { name: "Log", panel: el("div", { class: "scroll tall" }, this.#log) },
    ]);
    this.element = tabs.element;
  }

  addRequests(requests: readonly RequestView[]): void {
    for (const request of requests) this.#rows.prepend(rowOf(request));
    while (this.#rows.rows.length > MOST_ROWS) this.#rows.lastElementChild?.remove();
    this.#none.hidden = this.#rows.rows.length > 0;
  }

  addLines(lines: readonly LogView[]): void {
    if (lines.length === 0) return;
    if (this.#log.textContent === this.#emptyLog) show(this.#log);
    for (const { text } of lines) this.#log.append(el("span", { class: levelOf(text) }, `${text}\n`));
    while (this.#log.children.length > MOST_LINES) this.#log.firstElementChild?.remove();
  }
}

function rowOf({
  at,
  model,
  version,
  protocol,
  verb,
  status,
  totalMs,
  error,
}: RequestView): HTMLTableRowElement {
  const named = `${model ?? ""}${version === undefined ? "" : ` ${version}`}`;
  const asked = `${protocol ?? ""}${verb === "explain" ? " explain" : ""}`;
  return el(
    "tr",
    {},
    el(
      "td",
      {},
      el("time", { datetime: new Date(at).toISOString() }, new Date(at).toLocaleTimeString("en-GB")),
    ),
    el("td", {}, named),
    el("td", {}, asked),
    el("td", {}, el("b", { class: status < 400 ? "good" : "bad" }, String(status))),
    el("td", { class: "number" }, totalMs.toFixed(1)),
    el("td", { class: "wide" }, error?.message ?? ""),
  );
}

function levelOf(line: string): string | undefined {
  if (/"level":"error"| ERROR /.test(line)) return "bad";
  return /"level":"warn"| WARN /.test(line) ? "warn" : undefined;
}
