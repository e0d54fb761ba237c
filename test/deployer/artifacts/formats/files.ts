import { ProtoWriter } from "./proto-writer.ts";

/** An ONNX model with one external tensor, or none. */
export function onnxModel(options: { opset?: number; location?: string; length?: number } = {}): Uint8Array {
  const graph = new ProtoWriter();
  if (options.location !== undefined) {
    const tensor = new ProtoWriter().text(8, "w").number(14, 1);
    const entries = { location: options.location, offset: "0", length: String(options.length ?? 8) };
    for (const [key, value] of Object.entries(entries)) {
      tensor.message(13, new ProtoWriter().text(1, key).text(2, value));
    }
    graph.message(5, tensor);
  }
  return new ProtoWriter()
    .number(1, 8)
    .text(2, "pytorch")
    .text(3, "2.4.1")
    .message(7, graph)
    .message(8, new ProtoWriter().number(2, options.opset ?? 17))
    .bytes();
}

/** A saved_model.pb. */
export function savedModel(
  options: { tags?: string[]; signatures?: string[]; restores?: boolean } = {},
): Uint8Array {
  const info = new ProtoWriter();
  for (const tag of options.tags ?? ["serve"]) info.text(4, tag);
  info.text(5, "2.6.0");
  const graph = new ProtoWriter().message(1, info);
  if (options.restores === true) graph.message(3, new ProtoWriter().text(1, "save"));
  for (const name of options.signatures ?? ["serving_default"]) {
    graph.message(5, new ProtoWriter().text(1, name).message(2, new ProtoWriter()));
  }
  return new ProtoWriter().number(1, 1).message(2, graph).bytes();
}

/** A safetensors file with a tensor of some bytes. */
export function safetensors(dataBytes: number): Buffer {
  const header = Buffer.from(
    JSON.stringify({ w: { dtype: "U8", shape: [dataBytes], data_offsets: [0, dataBytes] } }),
  );
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([size, header, Buffer.alloc(dataBytes)]);
}
