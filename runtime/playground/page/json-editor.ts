import type { TensorSpec } from "../../../contract/signature.ts";
import { el } from "./dom.ts";
import type { Editor } from "./editor.ts";
import { zeroOf } from "./elements.ts";
import { FieldError } from "./field-error.ts";
import { instanceShape } from "./signature.ts";
import { type Tensor, countOf, flatten, nest, parseJson, printJson, shapeOf } from "./values.ts";

/** Lists in lists, as JSON: for inputs that nothing else fits. */
export function jsonEditor(spec: TensorSpec, changed: () => void): Editor {
  const { name, datatype } = spec;
  const area = el("textarea", {
    rows: 8,
    class: "code",
    spellcheck: "false",
    "aria-label": `${name} as JSON`,
    oninput: changed,
  });
  const shape = [Math.max(1, spec.shape[0] ?? 1), ...instanceShape(spec)].slice(0, spec.shape.length);
  const zero = zeroOf(datatype);
  area.value = printJson(nest(new Array(countOf(shape)).fill(zero), shape));
  return {
    element: el("div", { class: "editor" }, area),
    read() {
      const value = parse(area, name);
      const data = flatten(value);
      const found = shapeOf(value);
      if (data?.length === countOf(found)) return { name, datatype, shape: found, data };
      throw new FieldError(`${name}: expected lists in lists of one length, whose elements are plain.`, area);
    },
    write(tensor: Tensor) {
      area.value = printJson(nest(tensor.data, tensor.shape));
      return true;
    },
  };
}

function parse(area: HTMLTextAreaElement, name: string): unknown {
  try {
    return parseJson(area.value);
  } catch (error) {
    throw new FieldError(`${name}: this is no JSON. ${(error as Error).message}`, area);
  }
}
