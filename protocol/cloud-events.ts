/** CloudEvents as they carry V1 and V2 over HTTP: an envelope around the same bodies. */
export { binaryEventHeaders, readBinaryEvent } from "./cloud-events/binary.ts";
export { answerAttributes } from "./cloud-events/answer-attributes.ts";
export { readStructuredEvent, structuredEventBody } from "./cloud-events/structured.ts";
export { STRUCTURED_TYPE, isEventType } from "./cloud-events/media-type.ts";
export type { AnswerSettings } from "./cloud-events/answer-attributes.ts";
export type { CloudEvent, EventAttributes } from "./cloud-events/attributes.ts";
