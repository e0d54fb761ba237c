import { describeValue } from "../contract/describe.ts";
import { InvalidInput } from "../contract/errors.ts";
import type { EncodedBody } from "../protocol/body.ts";
import { type GeneratedPiece, decodeGenerateResponse, encodeGenerateRequest } from "../protocol/v2.ts";
import type { GenerateOptions } from "./options.ts";
import { throwIfFailed } from "./server-error.ts";
import { readAs } from "./unreadable.ts";

/** @throws InvalidInput when the text is none, or the parameters hold what JSON cannot say */
export function generateBody(textInput: string, { parameters }: GenerateOptions): EncodedBody {
  if (typeof textInput === "string" && textInput.isWellFormed()) {
    return encodeGenerateRequest(textInput, parameters);
  }
  throw new InvalidInput(`expected a text, got ${describeValue(textInput)}`, { path: "textInput" });
}

/**
 * The text of an answer, or of an event.
 * @throws KtsError KTS_SERVER_ANSWERED when it is none
 */
export function readGenerated(bytes: Uint8Array): GeneratedPiece {
  throwIfFailed(bytes);
  return readAs("generated text", () => decodeGenerateResponse(bytes));
}
