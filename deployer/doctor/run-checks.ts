import { isKtsError, messageOf } from "../../contract/errors.ts";
import type { Check, Finding, Outcome } from "./check.ts";

/** How long checks may take. */
export interface CheckLimits {
  /** Milliseconds that each check has. Default 2500. */
  readonly timeoutMs?: number;
  /** Ends those that are under way. */
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 2500;

/** Runs checks side by side. One that does not end in time is a finding too, and no other waits for it. */
export async function runChecks<Subject>(
  checks: readonly Check<Subject>[],
  subject: Subject,
  limits: CheckLimits = {},
): Promise<readonly Finding[]> {
  return Promise.all(checks.map((check) => runCheck(check, subject, limits)));
}

/** Runs one check; it never throws. */
export async function runCheck<Subject>(
  check: Check<Subject>,
  subject: Subject,
  { timeoutMs = DEFAULT_TIMEOUT_MS, signal: ending }: CheckLimits = {},
): Promise<Finding> {
  const startedAt = performance.now();
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), timeoutMs);
  const signal = ending === undefined ? ended.signal : AbortSignal.any([ended.signal, ending]);
  const outcome = await Promise.race([ran(check, subject, signal), outOfTime(signal)]);
  clearTimeout(timer);
  return { check: check.name, ...outcome, durationMs: Math.round(performance.now() - startedAt) };
}

/** Findings of checks that cannot be made. */
export function skipAll<Subject>(checks: readonly Check<Subject>[], message: string): readonly Finding[] {
  return checks.map(({ name }) => ({ check: name, status: "skipped", message, durationMs: 0 }));
}

async function ran<Subject>(check: Check<Subject>, subject: Subject, signal: AbortSignal): Promise<Outcome> {
  try {
    return await check.run(subject, signal);
  } catch (error) {
    if (signal.aborted) return TOO_LATE;
    return failed(error);
  }
}

function failed(error: unknown): Outcome {
  if (!isKtsError(error)) return { status: "fail", message: messageOf(error) };
  // What one may not look at may be in order all the same.
  const status = error.code === "KTS_CLUSTER_DENIED" ? "skipped" : "fail";
  return { status, message: error.message, fix: error.hint };
}

const TOO_LATE: Outcome = {
  status: "fail",
  message: "there was no answer in time",
  fix: "Try again, or give it longer with --timeout-ms.",
};

function outOfTime(signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(TOO_LATE);
    signal.addEventListener("abort", () => resolve(TOO_LATE), { once: true });
  });
}
