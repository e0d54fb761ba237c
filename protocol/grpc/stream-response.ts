import { InvalidInput, KtsError, isKtsError } from "../../contract/errors.ts";
import type { DecodeLimits } from "../limits.ts";
import type { DecodedV2Response } from "../v2.ts";
import { decodeInferResponse } from "./decode-response.ts";
import { LENGTH, ProtoReader, tagOf } from "./wire-reader.ts";
import { type EncodedMessage, PREFIX_BYTES, ProtoWriter, writePrefix } from "./wire-writer.ts";

const ERROR_MESSAGE = 1;
const INFER_RESPONSE = 2;
const MOST_VARINT_BYTES = 5;

/** What an answer without tensors says of its request. */
export interface StreamRequestName {
  readonly modelName: string;
  readonly id: string;
}

/** An answer as a message of ModelStreamInfer: a ModelStreamInferResponse around what `encodeInferResponse` wrote. */
export function encodeStreamResponse({ head, tail, byteLength }: EncodedMessage): EncodedMessage {
  const around = Buffer.allocUnsafe(PREFIX_BYTES + 1 + MOST_VARINT_BYTES);
  around[PREFIX_BYTES] = tagOf(INFER_RESPONSE, LENGTH);
  let at = PREFIX_BYTES + 1;
  let rest = byteLength;
  for (; rest >= 0x80; rest >>>= 7) around[at++] = (rest & 0x7f) | 0x80;
  around[at++] = rest;
  const length = at - PREFIX_BYTES + byteLength;
  writePrefix(around, 0, length);
  const first = Buffer.concat([around.subarray(0, at), head.subarray(PREFIX_BYTES)]);
  return { head: first, tail, byteLength: length };
}

/** A message of ModelStreamInfer: an answer, or why there is none. */
export type DecodedStreamResponse = { readonly error: string } | DecodedV2Response;

/**
 * Reads a ModelStreamInferResponse. Raw tensors share the message's memory where they are aligned.
 * @throws KtsError KTS_SERVER_ANSWERED when it is none
 */
export function decodeStreamResponse(message: Uint8Array, limits: DecodeLimits): DecodedStreamResponse {
  const { error, response } = readParts(message);
  return error === "" ? decodeInferResponse(response, limits) : { error };
}

function readParts(message: Uint8Array): { readonly error: string; readonly response: Uint8Array } {
  let error = "";
  let response: Uint8Array | undefined;
  try {
    const reader = new ProtoReader(message);
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === tagOf(ERROR_MESSAGE, LENGTH)) error = reader.text("error_message");
      else if (tag === tagOf(INFER_RESPONSE, LENGTH)) response = reader.block();
      else reader.skip(tag);
    }
    if (response !== undefined) return { error, response };
    if (error !== "") return { error, response: message };
    throw new InvalidInput("it has neither infer_response nor error_message");
  } catch (cause) {
    if (!isKtsError(cause)) throw cause;
    const problem = `The server's answer is no ModelStreamInferResponse: ${cause.message}`;
    throw new KtsError("KTS_SERVER_ANSWERED", problem, { cause });
  }
}

/** Where the ModelInferResponse in a ModelStreamInferResponse starts, which has to come first; 0 where it does not. */
export function streamedResponseOffset(start: Uint8Array): number {
  if (start[0] !== tagOf(INFER_RESPONSE, LENGTH)) return 0;
  let at = 1;
  while (at < start.length && (start[at] as number) >= 0x80) at++;
  return at < start.length ? at + 1 : 0;
}

/** What is known of a request that failed. */
export interface FailedRequest {
  readonly modelName: string | undefined;
  readonly id: string | undefined;
}

/** A failure as a message of ModelStreamInfer, with what is known of the request. */
export function encodeStreamError(message: string, request: FailedRequest): EncodedMessage {
  const writer = new ProtoWriter();
  // An empty one would say that all is well.
  writer.textField(ERROR_MESSAGE, message === "" ? "unknown error" : message);
  const response = writer.begin(INFER_RESPONSE);
  if (request.modelName !== undefined) writer.textField(1, request.modelName);
  if (request.id !== undefined) writer.textField(3, request.id);
  writer.end(response);
  return writer.finish();
}

/**
 * What says that a request has no more answers, to a client that asked for it: an answer without tensors, with Triton's
 * parameter `triton_final_response`.
 */
export function encodeStreamEnd({ modelName, id }: StreamRequestName): EncodedMessage {
  const writer = new ProtoWriter();
  const response = writer.begin(INFER_RESPONSE);
  writer.textField(1, modelName);
  writer.textField(3, id);
  const entry = writer.begin(4);
  writer.textField(1, "triton_final_response");
  const value = writer.begin(2);
  writer.boolField(1, true);
  writer.end(value);
  writer.end(entry);
  writer.end(response);
  return writer.finish();
}
