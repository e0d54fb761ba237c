import { type ErrorCode, KtsError } from "../../contract/errors.ts";
import { isPlainObject } from "../manifests/manifest.ts";
import type { Where } from "./connect-failure.ts";

/** An answer of the API server that is not what was wanted. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly retryAfterSeconds?: number | undefined;
}

/** What the server says in a `Status`, or in a text where something in between answers. */
interface Words {
  readonly message: string;
  readonly reason: string;
}

/** The sentence of a webhook is what helps; its name says only who looks. */
const WEBHOOK = /admission webhook "([^"]*)" denied the request(?::\s*|\s+)([\s\S]*)/;

/** How the API server words that a user lacks a permission; a quota or a policy says `is forbidden`, too. */
const NOT_ALLOWED = /\bUser "[^"]*" cannot\b/;

const UNKNOWN_FIELD =
  "The cluster's version of this kind does not know that field: correct its name, or leave it out.";

/** The defaulter of KServe up to v0.20 trips over a predictor that is empty, and answers with its stack's first line. */
const PANIC = /panic: runtime error: index out of range \[0\] with length 0/;

/**
 * The error for an answer that refuses, with the server's own words.
 * @param doing what was wanted, after "Cannot": `apply InferenceService digits in the namespace team-a`
 */
export function apiFailure(refusal: Refusal, doing: string, where: Where): KtsError {
  const { status } = refusal;
  const words = wordsOf(refusal);
  const more = {
    status,
    ...(refusal.retryAfterSeconds !== undefined && { retryAfterSeconds: refusal.retryAfterSeconds }),
  };
  const failure = (code: ErrorCode, message: string, hint?: string): KtsError =>
    new KtsError(code, message, { ...more, ...(hint !== undefined && { hint }) });
  const said = `Cannot ${doing}: ${words.message}`;
  if (status === 401) {
    return failure(
      "KTS_CLUSTER_DENIED",
      `Cannot ${doing}: the cluster ${where.server} does not know who you are (${words.message}).`,
      `Log in again for the context ${where.context}; kubectl --context ${where.context} auth whoami shows whether it worked.`,
    );
  }
  if (status === 403 && NOT_ALLOWED.test(words.message)) {
    const anonymous = words.message.includes('User "system:anonymous"');
    return failure(
      "KTS_CLUSTER_DENIED",
      said,
      anonymous
        ? `The context ${where.context} gives no credentials: log in, or choose another --context.`
        : `Ask whoever runs the cluster for the permission that the message names (context ${where.context}).`,
    );
  }
  const hook = WEBHOOK.exec(words.message);
  if (hook !== null)
    return failure("KTS_CLUSTER_REFUSED", ...webhookRefusal(doing, hook[1] ?? "", hook[2] ?? ""));
  if (/failed calling webhook|conversion webhook .* failed/.test(words.message)) {
    return failure(
      "KTS_CLUSTER_FAILED",
      said,
      "A webhook does not answer: is its controller (for KServe kserve-controller-manager) running?",
    );
  }
  const field = /failed to create typed patch object \([^)]*\): ([\s\S]*)/.exec(words.message)?.[1];
  if (field !== undefined) return failure("KTS_CLUSTER_REFUSED", `Cannot ${doing}: ${field}`, UNKNOWN_FIELD);
  if (status >= 500 || status === 429) return failure("KTS_CLUSTER_FAILED", said);
  return failure("KTS_CLUSTER_REFUSED", said, hintFor(status, words));
}

function webhookRefusal(doing: string, webhook: string, sentence: string): [message: string, hint?: string] {
  if (PANIC.test(sentence)) {
    return [
      `Cannot ${doing}: KServe's webhook ${webhook} fails on a predictor that holds neither a model nor a container.`,
      "Give the predictor a model format, or a container with an image.",
    ];
  }
  return [`Cannot ${doing}: ${sentence.trim()} (says the webhook ${webhook}).`.replace(/\.(?= \(says)/, "")];
}

function hintFor(status: number, { message, reason }: Words): string | undefined {
  if (message.includes("exceeded quota") || message.includes("failed quota")) {
    return "Ask for less in `resources`, delete what is not needed, or have the namespace's quota raised.";
  }
  if (message.includes("violates PodSecurity")) {
    return "Set what the message names in the pod's security context, or choose another namespace.";
  }
  if (message.includes("because it is being terminated")) {
    return "The namespace is being deleted; wait until it is gone, or choose another.";
  }
  if (/^namespaces? "[^"]*" not found/.test(message)) {
    return "Create the namespace first (kubectl create namespace), or name another with --namespace.";
  }
  if (message.includes("strict decoding error: unknown field")) return UNKNOWN_FIELD;
  if (status === 404 && /could not find the requested resource|page not found/.test(message)) {
    return "The cluster does not know this kind: is what defines it installed, in a version that has it?";
  }
  if (status === 409 && reason === "AlreadyExists") return "It is there already; choose another name.";
  if (status === 409) return "Something else changed it at the same time; try again.";
  return undefined;
}

/** The server's words. What is not its own (a proxy's page) is cut to its first line. */
function wordsOf({ status, body }: Refusal): Words {
  try {
    const said = JSON.parse(body) as unknown;
    if (isPlainObject(said) && typeof said.message === "string" && said.message !== "") {
      return { message: printable(said.message), reason: typeof said.reason === "string" ? said.reason : "" };
    }
  } catch {
    // Not a Status.
  }
  const isPage = /^\s*</.test(body);
  const line = isPage ? "" : printable(body.trim().split("\n", 1)[0] ?? "");
  return { message: line === "" ? `HTTP ${status}` : `${line} (HTTP ${status})`, reason: "" };
}

/** The words come from elsewhere: no control characters reach a terminal, and no novel does. */
function printable(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ")
    .trim()
    .slice(0, 2000);
}
