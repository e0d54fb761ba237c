import type { Tensor } from "../../contract/tensor.ts";
import { countElements } from "../elements/size.ts";
import type { JsonWriter, PlaceOf } from "./writer.ts";

/**
 * Writes a tensor as nested arrays; a scalar as its value.
 * @param path of the tensor, for errors
 */
export function writeNested(writer: JsonWriter, tensor: Tensor, path: string): void {
  const { shape } = tensor;
  writePart(writer, tensor, 0, 0, countElements(shape), (index) => path + subscripts(shape, 0, index));
}

/**
 * Writes one row of a tensor's first dimension.
 * @param path of the row, for errors
 */
export function writeRow(writer: JsonWriter, tensor: Tensor, row: number, path: string): void {
  const { shape } = tensor;
  const size = countElements(shape.slice(1));
  writePart(writer, tensor, 1, row * size, size, (index) => path + subscripts(shape, 1, index));
}

function writePart(
  writer: JsonWriter,
  tensor: Tensor,
  level: number,
  from: number,
  size: number,
  place: PlaceOf,
): void {
  const { shape } = tensor;
  if (level === shape.length) return writer.elements(tensor, from, from + 1, place);
  writer.mark("[");
  if (level === shape.length - 1) {
    writer.elements(tensor, from, from + size, place);
  } else {
    const length = shape[level] as number;
    const rowSize = length === 0 ? 0 : size / length;
    for (let row = 0; row < length; row++) {
      if (row > 0) writer.mark(",");
      writePart(writer, tensor, level + 1, from + row * rowSize, rowSize, place);
    }
  }
  writer.mark("]");
}

/** Where an element is in the nested arrays, from a level on: `[1][2]`. */
function subscripts(shape: readonly number[], level: number, index: number): string {
  let text = "";
  let rest = index;
  for (let dimension = shape.length - 1; dimension >= level; dimension--) {
    const length = shape[dimension] as number;
    text = `[${rest % length}]${text}`;
    rest = Math.floor(rest / length);
  }
  return text;
}
