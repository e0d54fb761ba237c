import type { TensorSpec } from "../../../contract/signature.ts";
import type { ExampleView, ModelView } from "../wire.ts";
import { protocolOf, tensorsOf, v1Body, v2Body } from "./body.ts";
import { type Segments, button, el, segments, show, tick } from "./dom.ts";
import { FieldError } from "./field-error.ts";
import { Form } from "./form.ts";
import { type Prepared, type Protocol, prepare } from "./request.ts";
import { compactJson, parseJson, printJson } from "./values.ts";

/** Where a request is put together: its protocol, the model's inputs as a form or the body as JSON, examples. */
export class Composer {
  readonly element: HTMLElement;
  readonly #changed: () => void;
  readonly #protocol: Segments;
  readonly #verb: Segments;
  readonly #mode: Segments;
  readonly #stream: HTMLInputElement;
  readonly #examples = el("div", { class: "row examples", role: "group", "aria-label": "Examples" });
  readonly #formPlace = el("div");
  readonly #area: HTMLTextAreaElement;
  readonly #jsonPlace: HTMLElement;
  readonly #problem = el("p", { class: "bad", role: "alert" });
  #form: Form | undefined;
  #inputs: readonly TensorSpec[] = [];
  #model: ModelView | undefined;

  /** @param changed is called when the request is another */
  constructor(changed: () => void) {
    this.#changed = changed;
    this.#protocol = segments(
      "Protocol",
      [
        ["v1", "V1"],
        ["v2", "V2"],
        ["binary", "V2 binary"],
      ],
      () => this.#protocolChanged(),
    );
    this.#verb = segments(
      "Ask for",
      [
        ["predict", "Predict"],
        ["explain", "Explain"],
      ],
      () => this.#verbChanged(),
    );
    this.#mode = segments(
      "Input",
      [
        ["form", "Form"],
        ["json", "JSON"],
      ],
      () => this.#modeChanged(),
    );
    const stream = tick("Stream", changed);
    this.#stream = stream.input;
    this.#area = el("textarea", {
      rows: 14,
      class: "code",
      spellcheck: "false",
      "aria-label": "The request's body as JSON",
      oninput: changed,
    });
    this.#jsonPlace = el("div", {}, this.#area);
    this.#protocol.value = "v2";
    this.#verb.value = "predict";
    this.#mode.value = "json";
    this.element = el(
      "div",
      { class: "stack" },
      el("div", { class: "row" }, this.#protocol.element, this.#verb.element, this.#mode.element, stream),
      this.#examples,
      this.#formPlace,
      this.#jsonPlace,
      this.#problem,
    );
  }

  /** Takes a model, or what has become of it. What was filled in stays while the signature is the same. */
  take(model: ModelView): void {
    const before = this.#model;
    this.#model = model;
    this.#verb.element.hidden = !model.explains;
    if (!model.explains) this.#verb.value = "predict";
    const isSame =
      before?.name === model.name &&
      compactJson(before.inputs) === compactJson(model.inputs) &&
      before.version === model.version;
    if (isSame) return;
    this.#inputs = model.inputs;
    this.#form = model.inputs.length === 0 ? undefined : new Form(model.inputs, () => this.#edited());
    show(this.#formPlace, this.#form?.element);
    this.#mode.element.hidden = this.#form === undefined;
    if (this.#form === undefined) {
      // Without a signature a tensor's name and type are anybody's guess.
      this.#protocol.value = "v1";
      this.#area.value = '{ "instances": [""] }';
    }
    this.#mode.value = this.#form === undefined ? "json" : "form";
    this.#showMode();
    this.#changed();
  }

  /** Offers examples: one click fills the request in. */
  offer(examples: readonly ExampleView[]): void {
    show(
      this.#examples,
      el("span", { class: "label" }, "Examples"),
      ...examples.map((example) => button(example.name, () => this.#useExample(example), { class: "chip" })),
    );
    this.#examples.hidden = examples.length === 0;
  }

  /**
   * The request as it stands.
   * @throws FieldError, or Error for a body that cannot be sent
   */
  prepare(): Prepared {
    const target = {
      model: this.#model?.name ?? "",
      version: this.#model?.version,
      protocol: this.#protocol.value as Protocol,
      verb: this.#verb.value === "explain" ? "explain" : "predict",
      isStream: this.#stream.checked,
    } as const;
    return prepare(target, this.#mode.value === "json" ? this.#area.value : compactJson(this.#formBody()));
  }

  /** Says why the request cannot be sent, at the field where that is; undefined: it can. */
  complain(error: unknown): void {
    this.#problem.textContent = error === undefined ? "" : (error as Error).message;
    if (error instanceof FieldError) error.field.focus();
  }

  #formBody(): unknown {
    const tensors = this.#form?.read() ?? [];
    return this.#protocol.value === "v1" ? v1Body(tensors, this.#inputs) : v2Body(tensors);
  }

  #edited(): void {
    this.complain(undefined);
    this.#changed();
  }

  /** A body that the signature explains is written in the other protocol; any other stays. */
  #protocolChanged(): void {
    if (this.#protocol.value !== "v1") this.#verb.value = "predict";
    if (this.#mode.value === "json") {
      const tensors = this.#readTensors();
      if (tensors !== undefined) {
        const body = this.#protocol.value === "v1" ? v1Body(tensors, this.#inputs) : v2Body(tensors);
        this.#area.value = printJson(body);
      }
    }
    this.#edited();
  }

  /** Only V1 explains. */
  #verbChanged(): void {
    if (this.#verb.value === "explain" && this.#protocol.value !== "v1") {
      this.#protocol.value = "v1";
      this.#protocolChanged();
    } else this.#edited();
  }

  #modeChanged(): void {
    if (this.#mode.value === "json") {
      try {
        this.#area.value = printJson(this.#formBody());
      } catch (error) {
        this.#mode.value = "form";
        return this.complain(error);
      }
    } else {
      const tensors = this.#readTensors();
      if (tensors !== undefined) this.#form?.write(tensors);
    }
    this.#showMode();
    this.#edited();
  }

  #showMode(): void {
    const isJson = this.#mode.value === "json";
    this.#formPlace.hidden = isJson;
    this.#jsonPlace.hidden = !isJson;
  }

  #readTensors() {
    try {
      return tensorsOf(parseJson(this.#area.value), this.#inputs);
    } catch {
      return undefined;
    }
  }

  #useExample({ text }: ExampleView): void {
    let body: unknown;
    try {
      body = parseJson(text);
    } catch {
      body = undefined;
    }
    const protocol = protocolOf(body);
    this.#area.value = body === undefined ? text : printJson(body);
    if (protocol === "v1" || (protocol === "v2" && this.#protocol.value === "v1"))
      this.#protocol.value = protocol;
    const tensors = this.#form === undefined ? undefined : tensorsOf(body, this.#inputs);
    if (tensors !== undefined && tensors.every(({ shape }) => (shape[0] ?? 1) <= 8)) {
      this.#form?.write(tensors);
      this.#mode.value = "form";
    } else this.#mode.value = "json";
    this.#showMode();
    this.#edited();
  }
}
