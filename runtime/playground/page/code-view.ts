import { button, el, show } from "./dom.ts";
import type { Prepared } from "./request.ts";
import { type Snippet, curlSnippet, pythonSnippet, typescriptSnippet } from "./snippets.ts";
import { Tabs } from "./tabs.ts";
import { compactJson } from "./values.ts";

const LANGUAGES = [
  ["curl", curlSnippet],
  ["TypeScript", typescriptSnippet],
  ["Python", pythonSnippet],
] as const;

/** The request as one would write it, in each language. */
export class CodeView {
  readonly element: HTMLElement;
  readonly #places = LANGUAGES.map(() => el("div"));

  constructor() {
    const tabs = LANGUAGES.map(([name], index) => ({ name, panel: this.#places[index] as HTMLElement }));
    this.element = new Tabs("The request as code", tabs).element;
  }

  /** @param prepared undefined: there is nothing that could be sent */
  update(prepared: Prepared | undefined): void {
    LANGUAGES.forEach(([, write], index) => {
      const place = this.#places[index] as HTMLElement;
      if (prepared === undefined)
        return show(place, el("p", { class: "hint" }, "The request is not complete."));
      show(place, ...this.#parts(write(prepared, location.origin), prepared));
    });
  }

  #parts({ text, file }: Snippet, prepared: Prepared): HTMLElement[] {
    const said = el("span", { role: "status" });
    const copy = async () => {
      try {
        await navigator.clipboard.writeText(text);
        said.textContent = "Copied.";
      } catch {
        said.textContent = "This browser does not let the page copy.";
      }
    };
    const save = file !== undefined && button(`Save ${file}`, () => download(file, prepared));
    return [
      el("pre", { class: "code" }, text),
      el(
        "div",
        { class: "row" },
        button("Copy", () => void copy()),
        save,
        said,
      ),
    ];
  }
}

/** Gives the body as the file that a snippet reads. */
function download(file: string, { body, value }: Prepared): void {
  const content = file.endsWith(".json") ? compactJson(value) : body;
  const url = URL.createObjectURL(new Blob([content]));
  el("a", { href: url, download: file }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
