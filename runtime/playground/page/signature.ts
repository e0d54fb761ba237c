import type { TensorSpec } from "../../../contract/signature.ts";
import { countOf } from "./values.ts";

/** How the elements of an image lie in a tensor. */
export interface ImageLayout {
  /** -1: any. */
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3 | 4;
  /** Channel by channel (C x H x W), not pixel by pixel (H x W x C). */
  readonly isPlanar: boolean;
}

/** How an input may be given. */
export type EditorKind = "image" | "grid" | "text" | "json";

/** Smaller pictures are numbers, rather. */
const SMALLEST_SIDE = 8;
const LARGEST_SIDE = 1024;
/** More columns are no table to fill in. */
const MOST_COLUMNS = 64;

/** The shape of one instance; what may have any length has 1. */
export function instanceShape({ shape }: TensorSpec): number[] {
  return shape.slice(1).map((length) => (length < 0 ? 1 : length));
}

/** Whether a request may have any number of instances. */
export function takesRows({ shape }: TensorSpec): boolean {
  return (shape[0] ?? 1) < 0;
}

/** How an image lies in a list of such dimensions; undefined where they look like none. */
export function imageLayout(dimensions: readonly number[]): ImageLayout | undefined {
  const [one = 0, two = 0, three] = dimensions;
  if (dimensions.length === 2) return layout(one, two, 1, false);
  if (dimensions.length !== 3 || three === undefined) return undefined;
  if (isChannels(three)) return layout(one, two, three, false);
  return isChannels(one) ? layout(two, three, one, true) : undefined;
}

function isChannels(length: number): length is 1 | 3 | 4 {
  return length === 1 || length === 3 || length === 4;
}

function layout(
  height: number,
  width: number,
  channels: 1 | 3 | 4,
  isPlanar: boolean,
): ImageLayout | undefined {
  const isSide = (length: number) => length === -1 || (length >= SMALLEST_SIDE && length <= LARGEST_SIDE);
  // Of two sides without a length nothing says that they are those of an image, unless there are colours.
  if (channels === 1 && (height === -1 || width === -1)) return undefined;
  return isSide(height) && isSide(width) ? { height, width, channels, isPlanar } : undefined;
}

/** How an input may be given, the best way first. */
export function editorsOf(spec: TensorSpec): EditorKind[] {
  const { datatype, shape } = spec;
  const columns = countOf(instanceShape(spec));
  const kinds: EditorKind[] = [];
  if (datatype !== "BYTES" && datatype !== "BOOL" && imageLayout(shape.slice(1)) !== undefined) {
    kinds.push("image");
  }
  if (datatype === "BYTES" && columns === 1) kinds.push("text");
  if (columns <= MOST_COLUMNS && columns * Math.max(1, shape[0] ?? 1) <= 1024) kinds.push("grid");
  return [...kinds, "json"];
}
