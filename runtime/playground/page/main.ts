import type { ExampleView, ModelView, RequestView, StateView } from "../wire.ts";
import { AnswerView } from "./answer-view.ts";
import { fetchExamples, fetchState } from "./api.ts";
import { CodeBanner } from "./code-banner.ts";
import { CodeView } from "./code-view.ts";
import { Composer } from "./composer.ts";
import { button, el, select, show } from "./dom.ts";
import { History } from "./history.ts";
import { Live } from "./live.ts";
import type { Prepared } from "./request.ts";
import { send } from "./send.ts";
import { themeSwitch } from "./theme.ts";

/** How often the server is asked how it is. */
const POLL_MS = 1000;

/** The page. */
class Page {
  readonly #composer = new Composer(() => this.#requestChanged());
  readonly #answer = new AnswerView();
  readonly #code = new CodeView();
  readonly #live = new Live();
  readonly #history = new History();
  readonly #banner = new CodeBanner();
  readonly #models = select("Model", [], (key) => this.#choose(key));
  readonly #health = el("span", { class: "pill", role: "status" }, "connecting …");
  readonly #send = button("Send", () => void this.#submit(), {
    class: "primary",
    "aria-keyshortcuts": "Control+Enter",
  });
  readonly #cancel = button("Cancel", () => this.#abort?.abort(), { hidden: true });
  #state: StateView | undefined;
  #examples: readonly ExampleView[] = [];
  #chosen = "";
  #lastRequest = 0;
  #lastLine = 0;
  #abort: AbortController | undefined;
  #count = 0;
  #ownId = "";
  /** What the server remembers of the request that was sent last. */
  #own: RequestView | undefined;
  /** Ids say whose requests they are, and no two pages share one. */
  readonly #mark = Math.random().toString(36).slice(2, 10);

  start(): void {
    document.body.prepend(
      el("a", { class: "skip", href: "#request" }, "Skip to the request"),
      el(
        "header",
        {},
        el("h1", {}, "kserve-ts ", el("span", {}, "playground")),
        this.#models,
        this.#health,
        el(
          "nav",
          { "aria-label": "Further pages" },
          link("/docs", "API"),
          link("/openapi.json", "OpenAPI"),
          link("/metrics", "Metrics"),
        ),
        themeSwitch().element,
      ),
      el(
        "main",
        {},
        this.#banner.element,
        el(
          "div",
          { class: "columns" },
          section(
            "Request",
            "request",
            this.#composer.element,
            el("div", { class: "row send" }, this.#send, this.#cancel, el("small", {}, "Ctrl+Enter sends")),
          ),
          section("Answer", "answer", this.#answer.element),
          section("As code", "code", this.#code.element),
          section("Live", "live", this.#live.element),
        ),
        section("What happened", "history", this.#history.element),
      ),
    );
    document.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void this.#submit();
    });
    void fetchExamples().then(
      (examples) => {
        this.#examples = examples;
        this.#offerExamples();
      },
      () => this.#composer.offer([]),
    );
    void this.#poll();
  }

  async #poll(): Promise<void> {
    if (!document.hidden) await this.#refresh();
    setTimeout(() => void this.#poll(), POLL_MS);
  }

  /** Asks the server, and shows what is new. @param isTick whether a second has passed */
  async #refresh(isTick = true): Promise<void> {
    try {
      this.#show(await fetchState(this.#lastRequest, this.#lastLine), isTick);
    } catch {
      this.#health.textContent = "the server is gone";
      this.#health.className = "pill bad";
    }
  }

  #show(state: StateView, isTick: boolean): void {
    const fresh = state.requests.filter(({ sequence }) => sequence > this.#lastRequest);
    const lines = state.log.filter(({ sequence }) => sequence > this.#lastLine);
    this.#lastRequest = Math.max(this.#lastRequest, ...fresh.map(({ sequence }) => sequence));
    this.#lastLine = Math.max(this.#lastLine, ...lines.map(({ sequence }) => sequence));
    this.#ended.push(...fresh);
    this.#own = fresh.find(({ id }) => id === this.#ownId) ?? this.#own;
    this.#history.addRequests(fresh);
    this.#history.addLines(lines);
    this.#banner.update(state.code);
    const keys = (view: StateView | undefined) => view?.models.map(keyOf).join("\n");
    const isOther = keys(state) !== keys(this.#state);
    this.#state = state;
    if (isOther) this.#listModels(state.models);
    const model = this.#model;
    this.#health.textContent = model === undefined || model.ready ? state.state : "not ready";
    this.#health.title = model?.reason ?? "";
    this.#health.className = `pill ${state.state === "ready" && model?.ready !== false ? "good" : "warn"}`;
    if (model === undefined) return;
    this.#composer.take(model);
    // When a visitor can begin; tests and the browser's own tools read it.
    if (performance.getEntriesByName("usable").length === 0) performance.mark("usable");
    if (!isTick) return;
    this.#live.update(
      model,
      this.#ended.filter((request) => request.model === model.name),
    );
    this.#ended.length = 0;
  }

  /** Requests that the charts do not have yet. */
  readonly #ended: RequestView[] = [];

  get #model(): ModelView | undefined {
    return this.#state?.models.find((model) => keyOf(model) === this.#chosen);
  }

  #listModels(models: readonly ModelView[]): void {
    const { input } = this.#models;
    show(input, ...models.map((model) => el("option", { value: keyOf(model) }, titleOf(model))));
    const first = models.find((model) => keyOf(model) === remembered()) ?? models[0];
    if (this.#model === undefined && first !== undefined) this.#chosen = keyOf(first);
    input.value = this.#chosen;
    this.#offerExamples();
  }

  #choose(key: string): void {
    this.#chosen = key;
    remember(key);
    if (this.#model !== undefined) this.#composer.take(this.#model);
    this.#offerExamples();
  }

  #offerExamples(): void {
    const name = this.#model?.name;
    this.#composer.offer(this.#examples.filter(({ model }) => model === undefined || model === name));
  }

  #requestChanged(): void {
    this.#code.update(this.#prepared());
  }

  #prepared(): Prepared | undefined {
    try {
      return this.#composer.prepare();
    } catch {
      return undefined;
    }
  }

  async #submit(): Promise<void> {
    let prepared: Prepared;
    try {
      prepared = this.#composer.prepare();
    } catch (error) {
      return this.#composer.complain(error);
    }
    this.#composer.complain(undefined);
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#count++;
    const id = `playground-${this.#mark}-${this.#count}`;
    this.#ownId = id;
    this.#answer.wait();
    this.#cancel.hidden = false;
    try {
      const answer = await send(prepared, id, abort.signal, (value) => {
        if (this.#abort === abort) this.#answer.addEvent(value);
      });
      if (this.#abort !== abort) return;
      this.#answer.show(answer);
      await this.#refresh(false);
      if (this.#own?.id === id) this.#answer.explain(this.#own, answer.ms);
    } catch (error) {
      if (this.#abort !== abort) return;
      this.#answer.fail(
        abort.signal.aborted
          ? "It was cancelled."
          : `The server cannot be reached: ${(error as Error).message}`,
      );
    } finally {
      if (this.#abort === abort) this.#cancel.hidden = true;
    }
  }
}

function section(title: string, id: string, ...children: readonly HTMLElement[]): HTMLElement {
  return el(
    "section",
    { id, tabindex: -1, "aria-labelledby": `${id}-title` },
    el("h2", { id: `${id}-title` }, title),
    ...children,
  );
}

function link(href: string, text: string): HTMLElement {
  return el("a", { href }, text);
}

const KEY = "kserve-ts-model";

/** Keeps the choice of a model for when the page is loaded again. */
function remember(key: string): void {
  try {
    sessionStorage.setItem(KEY, key);
  } catch {
    // A browser that keeps nothing.
  }
}

function remembered(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

function keyOf({ name, version }: ModelView): string {
  return version === undefined ? name : `${name}/${version}`;
}

function titleOf({ name, version }: ModelView): string {
  return version === undefined ? name : `${name}, version ${version}`;
}

new Page().start();
