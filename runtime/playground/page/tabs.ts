import { el, newId } from "./dom.ts";

/** One of several views, of which one is seen. */
export interface Tab {
  readonly name: string;
  readonly panel: HTMLElement;
}

/** Views behind tabs: arrows, Home and End move between them, as ARIA has it. */
export class Tabs {
  readonly element: HTMLElement;
  readonly #tabs: readonly (Tab & { readonly button: HTMLButtonElement })[];

  constructor(label: string, tabs: readonly Tab[]) {
    this.#tabs = tabs.map(({ name, panel }) => {
      const [id, panelId] = [newId(), newId()];
      const button = el(
        "button",
        { type: "button", role: "tab", id, "aria-controls": panelId, onclick: () => this.open(name) },
        name,
      );
      panel.id = panelId;
      panel.tabIndex = 0;
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", id);
      return { name, panel, button };
    });
    const list = el(
      "div",
      {
        class: "tabs",
        role: "tablist",
        "aria-label": label,
        onkeydown: (event) => this.#key(event as KeyboardEvent),
      },
      ...this.#tabs.map(({ button }) => button),
    );
    this.element = el("div", { class: "tabbed" }, list, ...this.#tabs.map(({ panel }) => panel));
    this.open(tabs[0]?.name ?? "");
  }

  /** The name of the view that is seen. */
  get current(): string {
    return this.#tabs.find(({ panel }) => !panel.hidden)?.name ?? "";
  }

  open(name: string): void {
    for (const { name: own, panel, button } of this.#tabs) {
      const isOpen = own === name;
      panel.hidden = !isOpen;
      button.setAttribute("aria-selected", String(isOpen));
      button.tabIndex = isOpen ? 0 : -1;
    }
  }

  /** Shows or hides a tab; the first that is left opens where it was the one seen. */
  offer(name: string, isOffered: boolean): void {
    const tab = this.#tabs.find((candidate) => candidate.name === name);
    if (tab === undefined) return;
    tab.button.hidden = !isOffered;
    if (!isOffered && this.current === name) this.open(this.#offered[0]?.name ?? "");
  }

  get #offered() {
    return this.#tabs.filter(({ button }) => !button.hidden);
  }

  #key(event: KeyboardEvent): void {
    const tabs = this.#offered;
    const at = tabs.findIndex(({ name }) => name === this.current);
    const next: Readonly<Record<string, number>> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: tabs.length - 1,
    };
    const to = next[event.key];
    const tab = to === undefined ? undefined : tabs.at(to % tabs.length);
    if (tab === undefined) return;
    event.preventDefault();
    this.open(tab.name);
    tab.button.focus();
  }
}
