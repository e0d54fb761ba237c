import { block, message, nested, repeated, text } from "../message.ts";

/*
 * Of google.protobuf's descriptor.proto only what it takes to say which symbols a file has.
 */

const Named = message({ name: text(1) });

const Message = message({
  name: text(1),
  field: repeated(nested(2, Named)),
  // One level is all that our files nest.
  nested_type: repeated(nested(3, message({ name: text(1), field: repeated(nested(2, Named)) }))),
  enum_type: repeated(nested(4, message({ name: text(1), value: repeated(nested(2, Named)) }))),
  oneof_decl: repeated(nested(8, Named)),
});

const Service = message({ name: text(1), method: repeated(nested(2, Named)) });

export const FileDescriptorProto = message({
  name: text(1),
  package: text(2),
  message_type: repeated(nested(4, Message)),
  service: repeated(nested(6, Service)),
});

/** Its files, each as the bytes that it has. */
export const FileDescriptorSet = message({ file: repeated(block(1)) });
