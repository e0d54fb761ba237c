import type { IncomingMessage } from "node:http";
import { describeValue } from "../../contract/describe.ts";
import { InvalidInput, KtsError, messageOf } from "../../contract/errors.ts";

/** More than any of the control surface's requests has to say. */
const MOST_BYTES = 1_048_576;

/**
 * The JSON object in the body of a request to the control surface; an empty one where there is no body.
 * @throws InvalidInput when it is no JSON object; KtsError KTS_BODY_TOO_LARGE
 */
export async function readSmallObject(req: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    length += chunk.length;
    // It is read to its end all the same, so that the client comes to read the answer.
    if (length <= MOST_BYTES) chunks.push(chunk);
  }
  if (length > MOST_BYTES) {
    throw new KtsError("KTS_BODY_TOO_LARGE", `The body has ${length} bytes, more than ${MOST_BYTES}.`, {
      hint: "Send less.",
    });
  }
  const text = Buffer.concat(chunks).toString();
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidInput(`Unrecognized request format: ${messageOf(error)}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new InvalidInput(`expected a JSON object, got ${describeValue(value)}`);
}
