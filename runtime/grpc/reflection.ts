import { DESCRIPTOR_SET } from "../../protocol/grpc/descriptors.ts";
import { decodeMessage, encodeMessage } from "../../protocol/grpc.ts";
import { FileDescriptorProto, FileDescriptorSet } from "../../protocol/grpc/messages/descriptor.ts";
import {
  type ReflectionRequest,
  type ReflectionResponse,
  ServerReflectionRequest,
  ServerReflectionResponse,
} from "../../protocol/grpc/messages/reflection.ts";
import type { GrpcCall } from "./call.ts";
import type { MessageStream } from "./streaming-call.ts";

const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;

/** What clients may ask of our .proto files. */
interface ProtoIndex {
  readonly services: readonly string[];
  readonly byName: ReadonlyMap<string, Uint8Array>;
  /** Every service, method, message, field and enum by its full name. */
  readonly bySymbol: ReadonlyMap<string, Uint8Array>;
}

let known: ProtoIndex | undefined;

/** grpc.reflection.v1.ServerReflection, and v1alpha, whose messages are the same: lets grpcurl and its like call us. */
export function reflect(call: GrpcCall): MessageStream {
  known ??= readIndex();
  const index = known;
  return {
    received(message) {
      const request = decodeMessage(ServerReflectionRequest, message);
      call.send(encodeMessage(ServerReflectionResponse, answerTo(request, index)));
    },
    halfClosed: () => call.finish(),
    closed: () => undefined,
  };
}

function answerTo(request: ReflectionRequest, index: ProtoIndex): ReflectionResponse {
  const common = { valid_host: request.host, original_request: request };
  const missing = (what: string): ReflectionResponse => ({
    ...common,
    error_response: { error_code: NOT_FOUND, error_message: `There is no ${what}.` },
  });
  const file = (bytes: Uint8Array | undefined, what: string): ReflectionResponse =>
    bytes === undefined
      ? missing(what)
      : { ...common, file_descriptor_response: { file_descriptor_proto: [bytes] } };
  const { file_by_filename: fileName, file_containing_symbol: symbol } = request;
  const { all_extension_numbers_of_type: extended, file_containing_extension: extension } = request;
  if (request.list_services !== undefined) {
    return { ...common, list_services_response: { service: index.services.map((name) => ({ name })) } };
  }
  if (fileName !== undefined) return file(index.byName.get(fileName), `file ${fileName}`);
  if (symbol !== undefined) return file(index.bySymbol.get(symbol), `symbol ${symbol}`);
  if (extended !== undefined) {
    // proto3 has no extensions, so a type that is there has none.
    if (!index.bySymbol.has(extended)) return missing(`type ${extended}`);
    return {
      ...common,
      all_extension_numbers_response: { base_type_name: extended, extension_number: [] },
    };
  }
  if (extension !== undefined) return missing(`extension of ${extension.containing_type}`);
  return {
    ...common,
    error_response: { error_code: INVALID_ARGUMENT, error_message: "The request asks for nothing." },
  };
}

function readIndex(): ProtoIndex {
  const services: string[] = [];
  const byName = new Map<string, Uint8Array>();
  const bySymbol = new Map<string, Uint8Array>();
  const { file: files } = decodeMessage(FileDescriptorSet, Buffer.from(DESCRIPTOR_SET, "base64"));
  for (const bytes of files) {
    const file = decodeMessage(FileDescriptorProto, bytes);
    byName.set(file.name, bytes);
    const add = (parent: string, parts: readonly { readonly name: string }[]) => {
      for (const { name } of parts) bySymbol.set(`${parent}.${name}`, bytes);
    };
    add(file.package, file.message_type);
    add(file.package, file.service);
    for (const message of file.message_type) {
      const name = `${file.package}.${message.name}`;
      for (const parts of [message.field, message.nested_type, message.enum_type, message.oneof_decl]) {
        add(name, parts);
      }
      for (const inner of message.nested_type) add(`${name}.${inner.name}`, inner.field);
      // An enum's values belong to what the enum belongs to.
      for (const { value } of message.enum_type) add(name, value);
    }
    for (const service of file.service) {
      services.push(`${file.package}.${service.name}`);
      add(`${file.package}.${service.name}`, service.method);
    }
  }
  return { services: services.sort(), byName, bySymbol };
}
