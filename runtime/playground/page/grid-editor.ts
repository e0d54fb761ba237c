import type { TensorSpec } from "../../../contract/signature.ts";
import { button, el, newId, show } from "./dom.ts";
import type { Editor } from "./editor.ts";
import { readElement, zeroOf } from "./elements.ts";
import { FieldError } from "./field-error.ts";
import { instanceShape, takesRows } from "./signature.ts";
import { type Leaf, type Tensor, countOf } from "./values.ts";

/** A table: a row for each instance, a column for each of its elements. Cells of a spreadsheet can be pasted. */
export function gridEditor(spec: TensorSpec, changed: () => void): Editor {
  const { datatype } = spec;
  const inner = instanceShape(spec);
  const columns = countOf(inner);
  const fixed = takesRows(spec) ? undefined : (spec.shape[0] ?? 1);
  const body = el("tbody");
  const hint = newId();
  const rows = () => [...body.rows];
  const inputs = () => [...body.querySelectorAll("input")];

  const label = () => rows().forEach((row, index) => name(row, index));
  const name = (row: HTMLTableRowElement, index: number) => {
    const head = row.cells[0];
    if (head !== undefined) head.textContent = String(index);
    row.querySelectorAll("input").forEach((input, column) => {
      input.setAttribute("aria-label", `${spec.name}, row ${index}, column ${column}`);
    });
    row.querySelector("button")?.setAttribute("aria-label", `Remove row ${index}`);
  };
  const remove = (row: HTMLTableRowElement) => {
    row.remove();
    if (body.rows.length === 0) add();
    label();
    changed();
    body.querySelector("input")?.focus();
  };
  const add = (values: readonly Leaf[] = []) => {
    const cells = Array.from({ length: columns }, (_, column) => {
      const input = el("input", {
        type: "text",
        inputmode: datatype === "BYTES" || datatype === "BOOL" ? undefined : "decimal",
        autocomplete: "off",
        spellcheck: "false",
        "aria-describedby": hint,
      });
      input.value = String(values[column] ?? zeroOf(datatype));
      return el("td", {}, input);
    });
    const row = el("tr", {}, el("th", { scope: "row" }), ...cells);
    if (fixed === undefined) {
      row.append(
        el(
          "td",
          {},
          button("×", () => remove(row), { class: "quiet" }),
        ),
      );
    }
    body.append(row);
    label();
  };
  const fillRows = (tensor: readonly Leaf[], count: number) => {
    show(body);
    for (let at = 0; at < count; at++) add(tensor.slice(at * columns, (at + 1) * columns));
  };
  fillRows([], fixed ?? 1);

  body.addEventListener("input", changed);
  body.addEventListener("paste", (event) => {
    const lines = (event.clipboardData?.getData("text") ?? "").trim().split(/\r?\n/);
    const cells = lines.map((line) => line.split(/[\t,;]/));
    if (lines.length === 1 && cells[0]?.length === 1) return;
    event.preventDefault();
    const all = inputs();
    const at = all.indexOf(event.target as HTMLInputElement);
    const [top, left] = [Math.floor(at / columns), at % columns];
    while (fixed === undefined && rows().length < top + cells.length) add();
    cells.forEach((line, row) =>
      line.slice(0, columns - left).forEach((text, column) => {
        const input = inputs()[(top + row) * columns + left + column];
        if (input !== undefined) input.value = text.trim();
      }),
    );
    changed();
  });

  const head = el(
    "thead",
    {},
    el(
      "tr",
      {},
      el("th", { scope: "col" }, "row"),
      ...Array.from({ length: columns }, (_, column) => el("th", { scope: "col" }, `[${column}]`)),
      fixed === undefined && el("td"),
    ),
  );
  const more = () => {
    add();
    changed();
    rows().at(-1)?.querySelector("input")?.focus();
  };
  const element = el(
    "div",
    { class: "editor" },
    el(
      "div",
      { class: "scroll", tabindex: 0, role: "group", "aria-label": `Values of ${spec.name}` },
      el("table", { class: "grid" }, head, body),
    ),
    el(
      "div",
      { class: "row" },
      fixed === undefined && button("Add row", more),
      el("small", { id: hint }, `${datatype}; cells can be pasted from a spreadsheet`),
    ),
  );
  return {
    element,
    read() {
      const data = inputs().map((input) => {
        const read = readElement(input.value, datatype);
        input.toggleAttribute("aria-invalid", "problem" in read);
        if ("leaf" in read) return read.leaf;
        const which = input.getAttribute("aria-label") ?? spec.name;
        throw new FieldError(
          `${which}: expected ${read.problem}, but it is ${JSON.stringify(input.value)}.`,
          input,
        );
      });
      return {
        name: spec.name,
        datatype,
        shape: [body.rows.length, ...inner].slice(0, spec.shape.length),
        data,
      };
    },
    write({ data }: Tensor) {
      const count = data.length / columns;
      if (!Number.isInteger(count) || count < 1 || count > 100) return false;
      if (fixed !== undefined && fixed !== count) return false;
      fillRows(data, count);
      return true;
    },
  };
}
