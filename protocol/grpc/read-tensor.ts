import type { Datatype } from "../../contract/datatype.ts";
import { InvalidInput } from "../../contract/errors.ts";
import type { Tensor } from "../../contract/tensor.ts";
import { countElements } from "../elements/size.ts";
import type { DecodeLimits } from "../limits.ts";
import { decodeRaw } from "../v2/binary-part.ts";
import { readName } from "../v2/members.ts";
import { readDatatype, readShape } from "../v2/read-tensor.ts";
import { readTyped } from "./typed-contents.ts";
import { LENGTH, type ProtoReader, VARINT, tagOf } from "./wire-reader.ts";

/** A tensor whose elements are not read yet. Inputs and outputs have the same fields. */
export interface TensorHead {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly contents: readonly ProtoReader[];
}

const NAME = tagOf(1, LENGTH);
const DATATYPE = tagOf(2, LENGTH);
const SHAPE = tagOf(3, VARINT);
const SHAPE_PACKED = tagOf(3, LENGTH);
const CONTENTS = tagOf(5, LENGTH);

const NO_CONTENTS: readonly ProtoReader[] = [];

/**
 * Reads all of a tensor but its elements.
 * @param path `inputs[2]` or `outputs[2]`
 */
export function readTensorHead(reader: ProtoReader, path: string, limits: DecodeLimits): TensorHead {
  let name = "";
  let datatype = "";
  const shape: number[] = [];
  let contents: ProtoReader[] | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === NAME) name = reader.text(`${path}.name`);
    else if (tag === DATATYPE) datatype = reader.text(`${path}.datatype`);
    else if (tag === SHAPE_PACKED) readLengths(reader.message(), shape);
    else if (tag === SHAPE) shape.push(reader.int64());
    else if (tag === CONTENTS) (contents ??= []).push(reader.message());
    else reader.skip(tag);
  }
  return {
    name: readName(name, `${path}.name`),
    datatype: readDatatype(datatype, path),
    shape: readShape(shape, path, limits),
    contents: contents ?? NO_CONTENTS,
  };
}

function readLengths(list: ProtoReader, shape: number[]): void {
  while (list.at < list.end) shape.push(list.int64());
}

/** Reads typed elements. */
export function typedData(head: TensorHead, path: string, limits: DecodeLimits): Tensor["data"] {
  return readTyped({ ...head, count: countElements(head.shape), path }, limits);
}

/**
 * Reads raw elements; they share the message's memory where they are aligned.
 * @param list `raw_input_contents` or `raw_output_contents`
 */
export function rawData(
  head: TensorHead,
  raw: Uint8Array,
  list: string,
  index: number,
  limits: DecodeLimits,
): Tensor["data"] {
  return decodeRaw(head.datatype, raw, countElements(head.shape), `${list}[${index}]`, limits);
}

/** In KServe's words: its clients know them. */
export function bothContents(name: string, modelName: string): InvalidInput {
  return new InvalidInput(
    `contents field must not be specified when using raw_input_contents for input '${name}' for model '${modelName}'`,
  );
}
