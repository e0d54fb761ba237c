import { KtsError } from "../../contract/errors.ts";

const DENIED =
  /unauthorized|authentication required|no basic auth credentials|denied|incorrect username or password|403 Forbidden|401 Unauthorized/i;
const MISSING =
  /manifest unknown|manifest for .* not found|not found|repository .* does not exist|name unknown/i;
const UNREACHABLE =
  /no such host|connection refused|i\/o timeout|network is unreachable|no route to host|x509|TLS handshake|server gave HTTP response|Client\.Timeout|context deadline exceeded|connection reset|\bEOF\b/i;
/** What may be gone at the next try. */
const TRANSIENT =
  /connection refused|connection reset|i\/o timeout|TLS handshake timeout|Client\.Timeout|context deadline exceeded|\bEOF\b|HTTP status: (?:429|5\d\d)|toomanyrequests|too many requests|(?:50[0234]|429) |blob upload (?:unknown|invalid)/i;

/** Whether a push or pull that failed so may succeed when it is tried again. */
export function isTransient(reason: string): boolean {
  return TRANSIENT.test(reason) && !DENIED.test(reason);
}

/**
 * A registry's refusal, as the engine passes it on.
 * @param image what was asked for
 */
export function registryFailure(
  verb: "pull" | "push",
  image: string,
  reason: string,
  cause?: unknown,
): KtsError {
  const message = `the ${verb} of ${image} failed: ${reason}`;
  const make = (code: ConstructorParameters<typeof KtsError>[0], hint?: string) =>
    new KtsError(code, message, { cause, ...(hint !== undefined && { hint }) });
  // Docker Hub answers so for what is private as well as for what is not there.
  if (/pull access denied/i.test(reason)) {
    return make("KTS_IMAGE_NOT_FOUND", "Is its name right? A private one needs docker login.");
  }
  if (/does not exist locally/i.test(reason)) return make("KTS_IMAGE_NOT_FOUND", "Build it first.");
  if (DENIED.test(reason)) return make("KTS_REGISTRY_DENIED");
  if (/server gave HTTP response/i.test(reason)) {
    return make(
      "KTS_REGISTRY_UNREACHABLE",
      "It speaks plain HTTP: add it to the engine's insecure-registries.",
    );
  }
  if (UNREACHABLE.test(reason)) return make("KTS_REGISTRY_UNREACHABLE");
  if (/no matching manifest/i.test(reason)) {
    return make("KTS_IMAGE_NOT_FOUND", "It is not there for this platform: see --platform and --base.");
  }
  if (verb === "pull" && MISSING.test(reason)) return make("KTS_IMAGE_NOT_FOUND");
  return make("KTS_PUSH_FAILED");
}
