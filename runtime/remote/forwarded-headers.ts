import { KtsError } from "../../contract/errors.ts";

/** What ties a request's logs and spans together, and says whose it is. Nothing else goes along unasked. */
const ALWAYS: readonly string[] = ["x-request-id", "traceparent", "tracestate", "b3", "authorization"];
const ALWAYS_PREFIX = "x-b3-";

/** What belongs to one connection or one body, and would be wrong of the next. */
const NEVER: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "host",
  "inference-header-content-length",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * The names of an option's text, `x-tenant, x-user`, in lower case.
 * @throws KtsError KTS_USAGE for what is no header name, or a header that cannot be handed on
 */
export function checkForwardedNames(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const names = text.split(",").map((name) => name.trim().toLowerCase());
  for (const name of names) {
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) {
      throw usage(text, `${JSON.stringify(name)} is no header name`);
    }
    if (NEVER.has(name)) throw usage(text, `${name} belongs to one connection, so it cannot be handed on`);
  }
  return names;
}

function usage(text: string, problem: string): KtsError {
  return new KtsError("KTS_USAGE", `--predictor_headers is ${JSON.stringify(text)}, but ${problem}`, {
    hint: "Separate header names with commas: --predictor_headers x-tenant,x-user",
  });
}

/**
 * Those headers of a request that go along to the predictor.
 * @param further names beside those that always do
 */
export function forwardedHeaders(
  headers: Readonly<Record<string, string>>,
  further: readonly string[],
): Record<string, string> {
  const forwarded: Record<string, string> = {};
  for (const name in headers) {
    if (!ALWAYS.includes(name) && !name.startsWith(ALWAYS_PREFIX) && !further.includes(name)) continue;
    const value = headers[name];
    if (typeof value === "string") forwarded[name] = value;
  }
  return forwarded;
}
