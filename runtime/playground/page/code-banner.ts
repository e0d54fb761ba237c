import type { CodeState } from "../../dev/code-state.ts";
import { el, show } from "./dom.ts";

/** What has become of the last change of a watched project. Says nothing where there is nothing to say. */
export class CodeBanner {
  readonly element = el("div", { role: "status" });
  #shown = "";

  update(code: CodeState | undefined): void {
    const key = code === undefined ? "" : `${code.status} ${code.swaps} ${code.problem ?? ""}`;
    if (key === this.#shown) return;
    this.#shown = key;
    if (code === undefined) return show(this.element);
    if (code.status === "broken") {
      show(
        this.element,
        el(
          "div",
          { class: "problem" },
          el("p", {}, el("b", {}, "The last change does not work."), " What was there before it serves on."),
          el("pre", { class: "code" }, code.problem ?? "There is no message."),
        ),
      );
    } else if (code.status === "changing") {
      show(this.element, el("p", { class: "note" }, "A change is being loaded …"));
    } else if (code.swaps > 0) {
      const times = code.swaps === 1 ? "1 change has" : `${code.swaps} changes have`;
      show(this.element, el("p", { class: "note" }, `Watching: ${times} gone live.`));
    } else
      show(
        this.element,
        el("p", { class: "note" }, "Watching: a change of the project goes live by itself."),
      );
  }
}
