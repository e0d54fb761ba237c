import { deepestCause } from "../../contract/deepest-cause.ts";
import { type ErrorCode, KtsError, messageOf } from "../../contract/errors.ts";

/** What was wanted of a registry, for the message: `pull`, `push`. */
export type Purpose = "pull" | "push";

/** Why there was no answer, for the codes whose own message says little. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing accepts connections there",
  ENOTFOUND: "its host name is not known",
  EAI_AGAIN: "its host name could not be looked up",
  ECONNRESET: "it closed the connection",
  EPIPE: "it closed the connection",
  UND_ERR_SOCKET: "it closed the connection",
  UND_ERR_CONNECT_TIMEOUT: "it does not accept the connection in time",
  UND_ERR_HEADERS_TIMEOUT: "it does not answer in time",
  UND_ERR_BODY_TIMEOUT: "its answer stopped in the middle",
};

const UNKNOWN_SIGNER = /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)/;
const NOT_TLS = /wrong version number|packet length too long|EPROTO/;

/** A registry that could not be asked at all. */
export function unreachable(registry: string, error: unknown): KtsError {
  const behind = deepestCause(error);
  const code = String((behind as NodeJS.ErrnoException).code ?? "");
  const text = messageOf(behind);
  const reason = REASONS[code] ?? text.split("\n", 1)[0];
  return new KtsError("KTS_REGISTRY_UNREACHABLE", `Cannot reach the registry ${registry}: ${reason}.`, {
    cause: error,
    ...(UNKNOWN_SIGNER.test(code) && {
      hint: "Name a file with the signer's certificate in the environment variable NODE_EXTRA_CA_CERTS.",
    }),
    ...((code === "EPROTO" || NOT_TLS.test(text)) && {
      hint: "Does it speak HTTP without TLS? Then name it as insecure.",
    }),
  });
}

/** A registry whose answer cannot be used, although there was one. */
export function unusable(registry: string, problem: string, cause?: unknown): KtsError {
  return new KtsError("KTS_REGISTRY_UNREACHABLE", `The registry ${registry} answered ${problem}.`, {
    hint: "Is it a registry, and is a proxy or cache in between whole?",
    cause,
  });
}

/**
 * The error for an answer that refuses, with the registry's own words.
 * @param subject what it was about: `digits:1`
 */
export async function refused(
  response: Response,
  registry: string,
  purpose: Purpose,
  subject: string,
): Promise<KtsError> {
  const words = await registryWords(response);
  const said = words === "" ? `HTTP ${response.status}` : `${words} (HTTP ${response.status})`;
  const of = purpose === "push" ? `push ${subject} to ${registry}` : `pull ${subject} from ${registry}`;
  const retryAfter = Number(response.headers.get("retry-after") ?? NaN);
  const options = Number.isFinite(retryAfter) ? { retryAfterSeconds: retryAfter } : {};
  return new KtsError(codeOf(response.status, purpose), `Cannot ${of}: ${said}.`, options);
}

function codeOf(status: number, purpose: Purpose): ErrorCode {
  if (status === 401 || status === 403) return "KTS_REGISTRY_DENIED";
  if (purpose === "push") return "KTS_PUSH_FAILED";
  return status === 404 ? "KTS_IMAGE_NOT_FOUND" : "KTS_REGISTRY_UNREACHABLE";
}

const MOST_WORDS_BYTES = 65_536;

/** What a registry says in the body of a refusal: its errors, else the first line of a text; empty where nothing. */
export async function registryWords(response: Response): Promise<string> {
  const bytes = await readAtMost(response, MOST_WORDS_BYTES).catch(() => undefined);
  if (bytes === undefined) return "";
  const text = new TextDecoder().decode(bytes).trim();
  try {
    const said = JSON.parse(text) as { errors?: unknown; message?: unknown; details?: unknown };
    const errors = Array.isArray(said.errors) ? (said.errors as unknown[]) : [said];
    return errors.map(oneError).filter(Boolean).join("; ");
  } catch {
    const isText = response.headers.get("content-type")?.startsWith("text/plain") === true;
    return isText ? printable(text.split("\n", 1)[0] ?? "") : "";
  }
}

function oneError(error: unknown): string {
  const { code, message, details } = (error ?? {}) as Record<string, unknown>;
  const parts = [code, message ?? details].filter((part) => typeof part === "string" && part !== "");
  return printable(parts.join(": "));
}

/** The words come from elsewhere: no control characters reach a terminal, and no novel does. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ").slice(0, 500);
}

/** The whole body of an answer that should be small. @throws Error when it is larger */
export async function readAtMost(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
