import { describeValue } from "../contract/describe.ts";
import { InvalidInput } from "../contract/errors.ts";
import { type EncodedBody, BINARY_TYPE } from "../protocol/body.ts";
import { decodeText } from "../protocol/json/parse.ts";
import { decodeV1Response, encodeV1Request } from "../protocol/v1.ts";
import { oneLine } from "./one-line.ts";
import type { ServerAnswer } from "./transport.ts";
import { readAs, unreadable } from "./unreadable.ts";

/** @throws InvalidInput when the instances are no array, or hold what JSON cannot say */
export function predictBody(
  instances: readonly unknown[],
  parameters: Readonly<Record<string, unknown>> | undefined,
): EncodedBody {
  if (Array.isArray(instances)) return encodeV1Request(instances, parameters);
  throw new InvalidInput(`expected an array with one value an instance, got ${describeValue(instances)}`, {
    path: "instances",
  });
}

/**
 * What a V1 answer holds: the member, or the whole body where it has no such member.
 * @throws KtsError KTS_SERVER_ANSWERED when it is no V1 answer
 */
export function readPrediction(
  { headers, bytes }: ServerAnswer,
  member: "predictions" | "explanations",
): unknown {
  const [contentType = ""] = (headers["content-type"] ?? "").toLowerCase().split(";", 1);
  if (contentType.trim() === "text/plain") return readAs("V1 answer", () => decodeText(bytes));
  if (contentType.trim() === BINARY_TYPE) return bytes;
  return memberOf(decodeV1Response(bytes), member);
}

/**
 * What an event of V1 holds. Its data has no type: what is no JSON object, as all answers of V1 but texts are, is a text.
 * @throws KtsError KTS_SERVER_ANSWERED when KServe's batcher tells a failure
 */
export function readPredictionEvent(data: string, member: "predictions"): unknown {
  return isObjectText(data) ? memberOf(decodeV1Response(new TextEncoder().encode(data)), member) : data;
}

function isObjectText(text: string): boolean {
  if (!/^\s*\{[^]*\}\s*$/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function memberOf(body: unknown, member: "predictions" | "explanations"): unknown {
  if (typeof body !== "object" || body === null || !Object.hasOwn(body, member)) return body;
  const members = body as Readonly<Record<string, unknown>>;
  // KServe's batcher says 200 to a failure of the model behind it, and puts what that one said into `message`.
  if (members[member] === null && typeof members["message"] === "string") {
    throw unreadable("prediction", oneLine(members["message"]));
  }
  return members[member];
}
