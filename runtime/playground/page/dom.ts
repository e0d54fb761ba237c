/** What an element may have in it; what is false or undefined is left out. */
export type Child = Node | string | false | undefined;

/** Attributes by name, and listeners as `onclick`. False or undefined leaves an attribute out, true sets it empty. */
export type Props = Readonly<
  Record<string, string | number | boolean | undefined | ((event: Event) => void)>
>;

/** Makes an HTML element. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), props, children);
}

/** Makes an SVG element. */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  props: Props = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);
}

function fill<E extends Element>(element: E, props: Props, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** Puts other children in an element. */
export function show(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...children.filter((child) => child !== undefined && child !== false));
}

let made = 0;

/** An id that no other element has. */
export function newId(): string {
  made++;
  return `e${made}`;
}

/** A button that does something. */
export function button(label: string, onclick: () => void, props: Props = {}): HTMLButtonElement {
  return el("button", { type: "button", onclick, ...props }, label);
}

/** A choice out of a list, with its label. */
export function select(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  onchange: (value: string) => void,
): HTMLElement & { readonly input: HTMLSelectElement } {
  const id = newId();
  const input = el(
    "select",
    { id, onchange: () => onchange(input.value) },
    ...options.map(([value, text]) => el("option", { value }, text)),
  );
  return Object.assign(el("div", { class: "field" }, el("label", { for: id }, label), input), { input });
}

/** A choice out of few, all of which are seen. The keyboard moves as browsers have it for radio buttons. */
export interface Segments {
  readonly element: HTMLFieldSetElement;
  value: string;
}

/** Makes a choice out of few. */
export function segments(
  legend: string,
  options: readonly (readonly [value: string, text: string])[],
  onchange: (value: string) => void,
): Segments {
  const name = newId();
  const inputs = options.map(([value]) =>
    el("input", { type: "radio", name, value, onchange: () => onchange(value) }),
  );
  const labels = inputs.map((input, index) => el("label", {}, input, el("span", {}, options[index]?.[1])));
  const element = el("fieldset", { class: "segments" }, el("legend", {}, legend), ...labels);
  return {
    element,
    get value() {
      return inputs.find(({ checked }) => checked)?.value ?? "";
    },
    set value(value) {
      for (const input of inputs) input.checked = input.value === value;
    },
  };
}

/** A box to tick, with its label. */
export function tick(
  label: string,
  onchange: (on: boolean) => void,
  on = false,
): HTMLLabelElement & { readonly input: HTMLInputElement } {
  const input = el("input", { type: "checkbox", onchange: () => onchange(input.checked) });
  input.checked = on;
  return Object.assign(el("label", { class: "tick" }, input, label), { input });
}
