import { el } from "./dom.ts";
import type { Picture } from "./rows.ts";
import { imageLayout } from "./signature.ts";

/** A tensor as a picture; undefined where its shape is that of none. Values from 0 to 1 or 255, others by their range. */
export function drawPicture({ shape, data }: Picture, label: string): HTMLCanvasElement | undefined {
  const layout = imageLayout(shape);
  if (layout === undefined) return undefined;
  const { width, height, channels, isPlanar } = layout;
  const numbers = data.map(Number);
  const most = numbers.reduce((one, other) => Math.max(one, other), -Infinity);
  const least = numbers.reduce((one, other) => Math.min(one, other), Infinity);
  const [from, to] = least < 0 || most > 255 ? [least, most] : [0, most > 1 ? 255 : 1];
  const canvas = el("canvas", { width, height, role: "img", "aria-label": label });
  const context = canvas.getContext("2d");
  if (context === null) return undefined;
  const image = context.createImageData(width, height);
  const pixels = width * height;
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < 4; channel++) {
      const own = Math.min(channel, channels - 1);
      const value = numbers[isPlanar ? own * pixels + pixel : pixel * channels + own] ?? 0;
      const isOpaque = channel === 3 && channels < 4;
      image.data[pixel * 4 + channel] = isOpaque ? 255 : ((value - from) / (to - from || 1)) * 255;
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
