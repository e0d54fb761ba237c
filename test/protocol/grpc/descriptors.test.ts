import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor/index.js";
import { describe, expect, it } from "vitest";
import { DESCRIPTOR_SET } from "../../../protocol/grpc/descriptors.ts";

const PROTO = fileURLToPath(new URL("../../../protocol/grpc/proto/", import.meta.url));
const FILES = [
  "grpc_predict_v2.proto",
  "grpc/health/v1/health.proto",
  "grpc/reflection/v1/reflection.proto",
  "grpc/reflection/v1alpha/reflection.proto",
];

/** Every service, field and enum of the .proto files, in plain words. */
function factsOfFiles(): string[] {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => (target.startsWith(PROTO) ? target : PROTO + target);
  return factsOf(root.loadSync(FILES, { keepCase: true }).resolveAll()).sort();
}

function factsOf(root: protobuf.NamespaceBase): string[] {
  return root.nestedArray.flatMap((item) => {
    const inner = item instanceof protobuf.Namespace ? factsOf(item) : [];
    if (item instanceof protobuf.Service) {
      return item.methodsArray.map((method) => {
        method.resolve();
        const from = `${method.requestStream === true ? "stream " : ""}${method.resolvedRequestType?.fullName}`;
        const to = `${method.responseStream === true ? "stream " : ""}${method.resolvedResponseType?.fullName}`;
        return `${item.fullName}.${method.name}: ${from} -> ${to}`;
      });
    }
    if (item instanceof protobuf.Enum) return [`${item.fullName}: ${JSON.stringify(item.values)}`];
    if (!(item instanceof protobuf.Type)) return inner;
    const fields = item.fieldsArray.map((field) => {
      field.resolve();
      const plain = field.resolvedType?.fullName ?? field.type;
      const type = field instanceof protobuf.MapField ? `map ${field.keyType} ${plain}` : plain;
      return `${item.fullName}.${field.name} = ${field.id}: ${field.repeated ? "repeated " : ""}${type}`;
    });
    return [item.fullName, ...fields, ...inner];
  });
}

interface FieldJson {
  readonly name: string;
  readonly number: number;
  readonly label: string;
  readonly type: string;
  readonly typeName?: string;
}

interface MessageJson {
  readonly name: string;
  readonly field?: readonly FieldJson[];
  readonly nestedType?: readonly MessageJson[];
  readonly enumType?: readonly { name: string; value: readonly { name: string; number: number }[] }[];
  readonly options?: { readonly mapEntry?: boolean };
}

interface FileJson {
  readonly name: string;
  readonly package: string;
  readonly syntax: string;
  readonly messageType?: readonly MessageJson[];
  readonly service?: readonly {
    readonly name: string;
    readonly method: readonly {
      readonly name: string;
      readonly inputType: string;
      readonly outputType: string;
      readonly clientStreaming?: boolean;
      readonly serverStreaming?: boolean;
    }[];
  }[];
}

/** The files of the committed bytes. */
function committedFiles(): readonly FileJson[] {
  const set = descriptor.FileDescriptorSet.decode(Buffer.from(DESCRIPTOR_SET, "base64"));
  return (set.toJSON() as { file: FileJson[] }).file;
}

/** The same facts from the bytes. */
function factsOfBytes(): string[] {
  const facts = committedFiles().flatMap((file) => [
    ...(file.messageType ?? []).flatMap((message) => messageFacts(message, `.${file.package}`)),
    ...(file.service ?? []).flatMap(({ name, method }) =>
      method.map((own) => {
        const from = `${own.clientStreaming === true ? "stream " : ""}${own.inputType}`;
        const to = `${own.serverStreaming === true ? "stream " : ""}${own.outputType}`;
        return `.${file.package}.${name}.${own.name}: ${from} -> ${to}`;
      }),
    ),
  ]);
  return facts.sort();
}

function messageFacts(message: MessageJson, parent: string): string[] {
  const name = `${parent}.${message.name}`;
  const entries = (message.nestedType ?? []).filter(({ options }) => options?.mapEntry === true);
  const typeOf = ({ type, typeName }: FieldJson): string => {
    const entry = entries.find((own) => typeName === `${name}.${own.name}`);
    const [key, value] = entry?.field ?? [];
    if (key !== undefined && value !== undefined) return `map ${typeOf(key)} ${typeOf(value)}`;
    return typeName ?? type.replace("TYPE_", "").toLowerCase();
  };
  const fields = (message.field ?? []).map((field) => {
    const type = typeOf(field);
    const repeated = field.label === "LABEL_REPEATED" && !type.startsWith("map ");
    return `${name}.${field.name} = ${field.number}: ${repeated ? "repeated " : ""}${type}`;
  });
  const enums = (message.enumType ?? []).map(
    (own) =>
      `${name}.${own.name}: ${JSON.stringify(Object.fromEntries(own.value.map((value) => [value.name, value.number])))}`,
  );
  const nested = (message.nestedType ?? []).filter((own) => !entries.includes(own));
  return [name, ...fields, ...enums, ...nested.flatMap((own) => messageFacts(own, name))];
}

describe("the descriptors that reflection answers with", () => {
  it("say what the .proto files say", () => {
    const expected = factsOfFiles();
    expect(expected.length).toBeGreaterThan(150);
    expect(factsOfBytes()).toEqual(expected);
  });

  it("are of the files by their names", () => {
    expect(committedFiles().map(({ name, syntax }) => [name, syntax])).toEqual(
      FILES.map((name) => [name, "proto3"]),
    );
  });
});
