import type { IncomingHttpHeaders } from "node:http";
import { isKtsError } from "../../contract/errors.ts";
import type { EncodedBody } from "../../protocol/body.ts";
import {
  type AnswerSettings,
  type EventAttributes,
  answerAttributes,
  binaryEventHeaders,
  isEventType,
  readBinaryEvent,
  readStructuredEvent,
  structuredEventBody,
} from "../../protocol/cloud-events.ts";
import type { DecodeLimits } from "../../protocol/limits.ts";

/** How the answer has to look: as an event with its attributes in headers, or in the body. */
type AnswerMode = "binary" | "structured";

/** A body to decode: the request's own, or what an event carried. */
export interface OpenedBody {
  readonly bytes: Uint8Array;
  /** Bytes of JSON in front of binary tensors; undefined where there are none. */
  readonly jsonLength: number | undefined;
}

/** The CloudEvent around a request's body, and around the answer's. */
export class EventEnvelope {
  readonly #mode: AnswerMode;
  readonly #attributes: EventAttributes | undefined;

  private constructor(mode: AnswerMode, attributes: EventAttributes | undefined) {
    this.#mode = mode;
    this.#attributes = attributes;
  }

  /**
   * Opens the envelope of a request and decodes what is in it. Most requests have none, and must not pay for the
   * question: a plain JSON body is looked at as an event only after it has turned out to be no request.
   * @param decode of the protocol
   * @returns the envelope where the answer needs one, and what `decode` made of the body
   * @throws InvalidInput when the event is not right; what `decode` throws
   */
  static open<Decoded>(
    headers: IncomingHttpHeaders,
    whole: OpenedBody,
    limits: DecodeLimits,
    decode: (body: OpenedBody) => Decoded,
  ): { readonly envelope: EventEnvelope | undefined; readonly decoded: Decoded } {
    const attributes = readBinaryEvent(headers);
    if (attributes !== undefined) {
      return { envelope: new EventEnvelope("binary", attributes), decoded: decode(whole) };
    }
    const isMarked = isEventType(headers["content-type"]);
    if (isMarked) {
      const event = readStructuredEvent(whole.bytes, true, limits);
      // KServe answers with an event even where the body was none.
      const envelope = new EventEnvelope("structured", event?.attributes);
      return { envelope, decoded: decode(event === undefined ? whole : bodyOf(event, whole)) };
    }
    try {
      return { envelope: undefined, decoded: decode(whole) };
    } catch (error) {
      if (!isKtsError(error) || error.code !== "KTS_INVALID_INPUT" || whole.jsonLength !== undefined)
        throw error;
      const event = readStructuredEvent(whole.bytes, false, limits);
      if (event === undefined) throw error;
      return { envelope: undefined, decoded: decode(bodyOf(event, whole)) };
    }
  }

  /** An answer's body in its envelope, and the headers that go with it. */
  wrap(
    body: EncodedBody,
    modelName: string,
    settings: AnswerSettings,
  ): { readonly body: EncodedBody; readonly headers: readonly string[] } {
    const attributes = answerAttributes(this.#attributes, modelName, settings);
    if (this.#mode === "structured") return { body: structuredEventBody(attributes, body), headers: [] };
    return { body, headers: binaryEventHeaders(attributes) };
  }
}

function bodyOf(event: { data: Uint8Array; isRaw: boolean }, whole: OpenedBody): OpenedBody {
  return { bytes: event.data, jsonLength: event.isRaw ? whole.jsonLength : undefined };
}
