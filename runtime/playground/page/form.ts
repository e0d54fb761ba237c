import type { TensorSpec } from "../../../contract/signature.ts";
import { el, select, show, tick } from "./dom.ts";
import { EDITORS, EDITOR_NAMES, type Editor } from "./editor.ts";
import { type EditorKind, editorsOf } from "./signature.ts";
import type { Tensor } from "./values.ts";

/** The model's inputs as fields, each with the ways there are to fill it. */
export class Form {
  readonly element: HTMLElement;
  readonly #fields: readonly Field[];

  constructor(inputs: readonly TensorSpec[], changed: () => void) {
    this.#fields = inputs.map((spec) => new Field(spec, changed));
    this.element = el("div", { class: "stack" }, ...this.#fields.map(({ element }) => element));
  }

  /** @throws FieldError for a field that cannot be sent */
  read(): Tensor[] {
    return this.#fields.flatMap((field) => field.read() ?? []);
  }

  /** Shows tensors, each by its input's name. */
  write(tensors: readonly Tensor[]): void {
    for (const field of this.#fields) field.write(tensors.find(({ name }) => name === field.name));
  }
}

/** One input. */
class Field {
  readonly name: string;
  readonly element: HTMLElement;
  readonly #spec: TensorSpec;
  readonly #changed: () => void;
  readonly #place = el("div");
  readonly #kinds: readonly EditorKind[];
  readonly #choice: HTMLSelectElement | undefined;
  readonly #sends: HTMLInputElement | undefined;
  #editor: Editor;

  constructor(spec: TensorSpec, changed: () => void) {
    this.name = spec.name;
    this.#spec = spec;
    this.#changed = changed;
    this.#kinds = editorsOf(spec);
    const [first = "json"] = this.#kinds;
    this.#editor = this.#use(first);
    const names = this.#kinds.map((kind) => [kind, EDITOR_NAMES[kind]] as const);
    const choice = select("As", names, (kind) => this.#switchTo(kind as EditorKind));
    const sends = tick("Send", changed, true);
    if (names.length > 1) this.#choice = choice.input;
    if (spec.optional === true) this.#sends = sends.input;
    this.element = el(
      "fieldset",
      { class: "input" },
      el("legend", {}, el("b", {}, spec.name), ` ${spec.datatype} [${spec.shape.join(", ")}]`),
      el("div", { class: "row" }, this.#choice && choice, this.#sends && sends),
      this.#place,
    );
  }

  read(): Tensor | undefined {
    return this.#sends?.checked === false ? undefined : this.#editor.read();
  }

  write(tensor: Tensor | undefined): void {
    if (this.#sends !== undefined) this.#sends.checked = tensor !== undefined;
    if (tensor === undefined || this.#editor.write(tensor)) return;
    for (const kind of this.#kinds) {
      if (!this.#use(kind).write(tensor)) continue;
      if (this.#choice !== undefined) this.#choice.value = kind;
      return;
    }
  }

  /** What is there goes along, where the other editor can show it. */
  #switchTo(kind: EditorKind): void {
    let value: Tensor | undefined;
    try {
      value = this.#editor.read();
    } catch {
      // It cannot be read, so that it cannot go along.
    }
    this.#use(kind);
    if (value !== undefined) this.#editor.write(value);
    this.#changed();
  }

  #use(kind: EditorKind): Editor {
    this.#editor = EDITORS[kind](this.#spec, this.#changed);
    show(this.#place, this.#editor.element);
    return this.#editor;
  }
}
