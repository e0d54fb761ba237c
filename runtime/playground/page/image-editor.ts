import type { TensorSpec } from "../../../contract/signature.ts";
import { button, el, newId, select, tick } from "./dom.ts";
import type { Editor } from "./editor.ts";
import { FieldError } from "./field-error.ts";
import { Pad } from "./pad.ts";
import { type ImageLayout, imageLayout } from "./signature.ts";
import { type Tensor, countOf } from "./values.ts";

/** Where nothing says how large an image is, until one is chosen. */
const USUAL_SIDE = 224;

/** A pad to draw on, which takes image files too: dropped, pasted or chosen. */
export function imageEditor(spec: TensorSpec, changed: () => void): Editor {
  const layout = imageLayout(spec.shape.slice(1)) as ImageLayout;
  const { height, width, channels } = layout;
  const isInteger = spec.datatype.includes("INT");
  const pad = new Pad(width < 0 ? USUAL_SIDE : width, height < 0 ? USUAL_SIDE : height, spec.name, changed);
  let scale = "255";
  let inverted = false;
  const status = el("small", { role: "status" });

  const load = async (file: Blob | undefined) => {
    if (file === undefined) return;
    try {
      const bitmap = await createImageBitmap(file);
      if (width < 0 || height < 0) {
        const fit = Math.min(1, 512 / Math.max(bitmap.width, bitmap.height));
        const side = (fixed: number, own: number) => (fixed < 0 ? Math.max(1, Math.round(own * fit)) : fixed);
        pad.resize(side(width, bitmap.width), side(height, bitmap.height));
      }
      pad.draw(bitmap);
      status.textContent = `${bitmap.width} x ${bitmap.height}, brought to ${pad.width} x ${pad.height}`;
      changed();
    } catch {
      status.textContent = "That is no image that this browser can read.";
    }
  };

  const file = el("input", {
    type: "file",
    accept: "image/*",
    id: newId(),
    class: "file",
    onchange: () => void load(file.files?.[0]),
  });
  const scales = select(
    "Values",
    [
      ["255", "0 to 255"],
      ["1", "0 to 1"],
      ["-1", "-1 to 1"],
    ],
    (value) => {
      scale = value;
      changed();
    },
  );
  const element = el(
    "div",
    {
      class: "editor pad-editor",
      ondragover: (event) => event.preventDefault(),
      ondrop: (event) => {
        event.preventDefault();
        void load((event as DragEvent).dataTransfer?.files[0]);
      },
      onpaste: (event) => {
        const pasted = [...((event as ClipboardEvent).clipboardData?.files ?? [])];
        void load(pasted[0]);
      },
    },
    pad.element,
    el(
      "div",
      { class: "stack" },
      el(
        "div",
        { class: "row" },
        button("Clear", () => pad.clear()),
      ),
      el("div", { class: "field" }, el("label", { for: file.id }, "Image file"), file),
      !isInteger && scales,
      tick("Invert", (on) => {
        inverted = on;
        changed();
      }),
      el(
        "small",
        {},
        "Draw, or drop or paste an image. Keys: arrows move, Space draws, Shift with arrows draws a line.",
      ),
      status,
    ),
  );
  const valueOf = (byte: number): number => {
    const value = inverted ? 255 - byte : byte;
    if (isInteger || scale === "255") return value;
    return Number((scale === "1" ? value / 255 : value / 127.5 - 1).toFixed(4));
  };
  return {
    element,
    read() {
      const data = arrange(pad.pixels(channels), channels, layout.isPlanar).map(valueOf);
      const sides = layout.isPlanar ? [channels, pad.height, pad.width] : [pad.height, pad.width, channels];
      const inner = spec.shape.length === 3 ? [pad.height, pad.width] : sides;
      const first = spec.shape[0] ?? 1;
      if (first > 1)
        throw new FieldError(`${spec.name} takes ${first} images at once: give it as JSON.`, element);
      return { name: spec.name, datatype: spec.datatype, shape: [1, ...inner], data };
    },
    write({ data, shape }: Tensor) {
      const count = countOf([pad.width, pad.height, channels]);
      if (shape[0] !== 1 || data.length !== count) return false;
      const numbers = data.map(Number);
      if (!isInteger) scales.input.value = scale = scaleOf(numbers, scale);
      const byteOf = (value: number) => {
        const byte = scale === "255" ? value : scale === "1" ? value * 255 : (value + 1) * 127.5;
        return inverted ? 255 - byte : byte;
      };
      pad.show(arrange(numbers.map(byteOf), channels, layout.isPlanar, true), channels);
      return true;
    },
  };
}

/** The scale that values are most likely in; the present one where they may be. */
function scaleOf(values: readonly number[], present: string): string {
  const most = values.reduce((one, other) => Math.max(one, other));
  const least = values.reduce((one, other) => Math.min(one, other));
  if (most > 1) return "255";
  if (least < 0) return "-1";
  return present === "255" && values.some((value) => !Number.isInteger(value)) ? "1" : present;
}

/** Brings elements that lie pixel by pixel into the tensor's order, or back. */
function arrange(values: readonly number[], channels: number, isPlanar: boolean, back = false): number[] {
  if (!isPlanar || channels === 1) return [...values];
  const pixels = values.length / channels;
  const arranged = new Array<number>(values.length);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      const [packed, planar] = [pixel * channels + channel, channel * pixels + pixel];
      if (back) arranged[packed] = values[planar] as number;
      else arranged[planar] = values[packed] as number;
    }
  }
  return arranged;
}
