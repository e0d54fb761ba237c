import { type EncodedMessage, ProtoWriter } from "./wire-writer.ts";
import { LENGTH, ProtoReader, VARINT, tagOf } from "./wire-reader.ts";

/*
 * Messages as tables of fields, for all that is small and seldom. ModelInfer is written by hand.
 */

/** A field of a message. `T` is what it is in memory. */
export interface Field<T> {
  readonly number: number;
  readonly kind: "text" | "block" | "bool" | "integer" | MessageType<never>;
  /** plain: protobuf's default where absent, and not written where it is that; optional: undefined where absent. */
  readonly rule: "plain" | "optional" | "repeated";
  /** Only for the compiler: nothing is here. */
  readonly of?: T;
}

/** A message: its fields by name. */
export interface MessageType<T> {
  readonly fields: Readonly<Record<string, Field<unknown>>>;
  readonly of?: T;
}

/** What a message is in memory. */
export type MessageOf<M> = M extends MessageType<infer T> ? T : never;

export const text = (number: number): Field<string> => ({ number, kind: "text", rule: "plain" });
export const block = (number: number): Field<Uint8Array> => ({ number, kind: "block", rule: "plain" });
export const bool = (number: number): Field<boolean> => ({ number, kind: "bool", rule: "plain" });
/** int32, int64, uint64 or an enum; exact up to 2^53. */
export const integer = (number: number): Field<number> => ({ number, kind: "integer", rule: "plain" });

/** A message within a message: undefined where absent. */
export function nested<T>(number: number, type: MessageType<T>): Field<T | undefined> {
  return { number, kind: type as MessageType<never>, rule: "optional" };
}

/** A list of values. */
export function repeated<T>(field: Field<T>): Field<readonly Exclude<T, undefined>[]> {
  return { number: field.number, kind: field.kind, rule: "repeated" };
}

/** A value of a oneof: undefined where it is not the one. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return { number: field.number, kind: field.kind, rule: "optional" };
}

type Fields = Readonly<Record<string, Field<unknown>>>;
type ValueOf<F> = F extends Field<infer T> ? T : never;
type OptionalKeys<M extends Fields> = {
  [K in keyof M]: undefined extends ValueOf<M[K]> ? K : never;
}[keyof M];

/** A message of these fields. */
export function message<M extends Fields>(
  fields: M,
): MessageType<
  { readonly [K in Exclude<keyof M, OptionalKeys<M>>]: ValueOf<M[K]> } & {
    readonly [K in OptionalKeys<M>]?: ValueOf<M[K]>;
  }
> {
  return { fields };
}

/**
 * Reads a message. Fields it does not know are passed over.
 * @throws InvalidInput when the bytes are not protobuf
 */
export function decodeMessage<T>(type: MessageType<T>, bytes: Uint8Array): T {
  return readMessage(type, new ProtoReader(bytes));
}

function readMessage<T>(type: MessageType<T>, reader: ProtoReader): T {
  const value: Record<string, unknown> = {};
  const names = Object.keys(type.fields);
  for (const name of names) {
    const { rule, kind } = type.fields[name] as Field<unknown>;
    if (rule === "repeated") value[name] = [];
    else if (rule === "plain") value[name] = defaultOf(kind);
  }
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    const name = names.find((candidate) => isTagOf(type.fields[candidate] as Field<unknown>, tag));
    if (name === undefined) {
      reader.skip(tag);
      continue;
    }
    const { rule, kind } = type.fields[name] as Field<unknown>;
    if (rule !== "repeated") value[name] = readValue(kind, reader, name);
    else if (isPacked(kind, tag)) readPacked(reader.message(), value[name] as number[]);
    else (value[name] as unknown[]).push(readValue(kind, reader, name));
  }
  return value as T;
}

function defaultOf(kind: Field<unknown>["kind"]): unknown {
  if (kind === "text") return "";
  if (kind === "bool") return false;
  return kind === "integer" ? 0 : new Uint8Array(0);
}

function wireTypeOf(kind: Field<unknown>["kind"]): number {
  return kind === "bool" || kind === "integer" ? VARINT : LENGTH;
}

function isPacked(kind: Field<unknown>["kind"], tag: number): boolean {
  return kind === "integer" && (tag & 7) === LENGTH;
}

function isTagOf({ number, kind, rule }: Field<unknown>, tag: number): boolean {
  return tagOf(number, wireTypeOf(kind)) === tag || (rule === "repeated" && tagOf(number, LENGTH) === tag);
}

function readPacked(reader: ProtoReader, values: number[]): void {
  while (reader.at < reader.end) values.push(reader.int64());
}

function readValue(kind: Field<unknown>["kind"], reader: ProtoReader, name: string): unknown {
  if (kind === "text") return reader.text(name);
  if (kind === "block") return reader.block();
  if (kind === "bool") return reader.bool();
  return kind === "integer" ? reader.int64() : readMessage(kind, reader.message());
}

/** Writes a message. */
export function encodeMessage<T>(type: MessageType<T>, value: T): EncodedMessage {
  const writer = new ProtoWriter();
  writeMessage(writer, type, value);
  return writer.finish();
}

function writeMessage<T>(writer: ProtoWriter, type: MessageType<T>, value: T): void {
  for (const name of Object.keys(type.fields)) {
    const { number, kind, rule } = type.fields[name] as Field<unknown>;
    const member = (value as Record<string, unknown>)[name];
    if (rule === "repeated" && kind === "integer") {
      writePacked(writer, number, member as readonly number[]);
    } else if (rule === "repeated") {
      for (const element of member as readonly unknown[]) writeValue(writer, number, kind, element);
    } else if (member !== undefined && (rule === "optional" || !isDefault(member))) {
      writeValue(writer, number, kind, member);
    }
  }
}

function writePacked(writer: ProtoWriter, number: number, values: readonly number[]): void {
  if (values.length === 0) return;
  const start = writer.begin(number);
  for (const value of values) writer.int64(value);
  writer.end(start);
}

function isDefault(value: unknown): boolean {
  return value instanceof Uint8Array ? value.length === 0 : !value;
}

function writeValue(writer: ProtoWriter, number: number, kind: Field<unknown>["kind"], value: unknown): void {
  if (kind === "text") writer.textField(number, value as string);
  else if (kind === "block") writer.blockField(number, value as Uint8Array);
  else if (kind === "bool") writer.boolField(number, value as boolean);
  else if (kind === "integer") writer.int64Field(number, value as number);
  else {
    const start = writer.begin(number);
    writeMessage(writer, kind, value as never);
    writer.end(start);
  }
}
