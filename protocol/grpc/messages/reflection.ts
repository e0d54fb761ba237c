import { type MessageOf, block, integer, message, nested, optional, repeated, text } from "../message.ts";

/*
 * Messages of grpc.reflection.v1.ServerReflection (proto/grpc/reflection/v1/reflection.proto); those of v1alpha have
 * the same fields.
 */

const ExtensionRequest = message({ containing_type: text(1), extension_number: integer(2) });

export const ServerReflectionRequest = message({
  host: text(1),
  file_by_filename: optional(text(3)),
  file_containing_symbol: optional(text(4)),
  file_containing_extension: nested(5, ExtensionRequest),
  all_extension_numbers_of_type: optional(text(6)),
  list_services: optional(text(7)),
});

const FileDescriptorResponse = message({ file_descriptor_proto: repeated(block(1)) });
const ExtensionNumberResponse = message({
  base_type_name: text(1),
  extension_number: repeated(integer(2)),
});
const ServiceResponse = message({ name: text(1) });
const ListServiceResponse = message({ service: repeated(nested(1, ServiceResponse)) });
const ErrorResponse = message({ error_code: integer(1), error_message: text(2) });

export const ServerReflectionResponse = message({
  valid_host: text(1),
  original_request: nested(2, ServerReflectionRequest),
  file_descriptor_response: nested(4, FileDescriptorResponse),
  all_extension_numbers_response: nested(5, ExtensionNumberResponse),
  list_services_response: nested(6, ListServiceResponse),
  error_response: nested(7, ErrorResponse),
});

export type ReflectionRequest = MessageOf<typeof ServerReflectionRequest>;
export type ReflectionResponse = MessageOf<typeof ServerReflectionResponse>;
