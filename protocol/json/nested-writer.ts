import type { Tensor } from "../../contract/tensor.ts";
import { countElements } from "../elements/size.ts";
import type { JsonWriter } from "./writer.ts";

/**
 * Writes a tensor as nested arrays; a scalar as its value.
 * @param path of the tensor, for errors
 */
export function writeNested(writer: JsonWriter, tensor: Tensor, path: string): void {
  writePart(writer, tensor, 0, 0, countElements(tensor.shape), path);
}

/** Writes one row of a tensor's first dimension. */
export function writeRow(writer: JsonWriter, tensor: Tensor, row: number, path: string): void {
  const size = countElements(tensor.shape.slice(1));
  writePart(writer, tensor, 1, row * size, size, path);
}

function writePart(
  writer: JsonWriter,
  tensor: Tensor,
  level: number,
  from: number,
  size: number,
  path: string,
): void {
  const { shape } = tensor;
  if (level === shape.length) return writer.elements(tensor, from, from + 1, path);
  writer.mark("[");
  if (level === shape.length - 1) {
    writer.elements(tensor, from, from + size, path);
  } else {
    const length = shape[level] as number;
    const rowSize = length === 0 ? 0 : size / length;
    for (let row = 0; row < length; row++) {
      if (row > 0) writer.mark(",");
      writePart(writer, tensor, level + 1, from + row * rowSize, rowSize, path);
    }
  }
  writer.mark("]");
}
