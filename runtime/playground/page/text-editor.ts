import type { TensorSpec } from "../../../contract/signature.ts";
import { button, el, show } from "./dom.ts";
import type { Editor } from "./editor.ts";
import { instanceShape, takesRows } from "./signature.ts";
import type { Tensor } from "./values.ts";

/** A text for each instance. */
export function textEditor(spec: TensorSpec, changed: () => void): Editor {
  const list = el("div", { class: "stack" });
  const areas = () => [...list.querySelectorAll("textarea")];
  const isOpen = takesRows(spec);
  const add = (text = "") => {
    const area = el("textarea", {
      rows: 2,
      "aria-label": `${spec.name}, text ${areas().length}`,
      oninput: changed,
    });
    area.value = text;
    list.append(area);
    return area;
  };
  const fewer = () => {
    if (areas().length > 1) areas().at(-1)?.remove();
    changed();
  };
  const more = () => {
    add().focus();
    changed();
  };
  for (let at = 0; at < (isOpen ? 1 : (spec.shape[0] ?? 1)); at++) add();
  const element = el(
    "div",
    { class: "editor" },
    list,
    isOpen &&
      el("div", { class: "row" }, button("Add text", more), button("Remove last", fewer, { class: "quiet" })),
  );
  return {
    element,
    read() {
      const data = areas().map(({ value }) => value);
      const shape = [data.length, ...instanceShape(spec)].slice(0, spec.shape.length);
      return { name: spec.name, datatype: spec.datatype, shape, data };
    },
    write({ data }: Tensor) {
      if (data.length < 1 || data.length > 50 || (!isOpen && data.length !== areas().length)) return false;
      show(list);
      for (const text of data) add(String(text));
      return true;
    },
  };
}
