import { inspect } from "node:util";
import { KtsError, isKtsError, messageOf } from "../contract/errors.ts";
import type { Style } from "./terminal/terminal.ts";

/** Colours a text, or leaves it as it is. */
type Paint = (format: Style, text: string) => string;

const plain: Paint = (_format, text) => text;

/** An error that ends a command; what is not one of ours is a bug of ours. */
export function asFailure(error: unknown): KtsError {
  if (isKtsError(error)) return error;
  const name = error instanceof Error ? `${error.name}: ` : "";
  return new KtsError("KTS_INTERNAL", `${name}${messageOf(error)}`, {
    cause: error,
    hint: "This is a bug in kserve-ts; please report it with what --verbose shows.",
  });
}

/** What a person reads of a failure: what went wrong, and what to do about it. */
export function failureText(failure: KtsError, paint: Paint = plain): string {
  const lines = [`${paint(["red", "bold"], "error:")} ${failure.message}`];
  if (!says(failure.message, failure.hint)) lines.push(`${paint("yellow", "hint:")} ${failure.hint}`);
  return lines.join("\n");
}

/** What a program reads of a failure. */
export function failureRecord({
  code,
  message,
  hint,
  exitCode,
}: KtsError): Readonly<Record<string, unknown>> {
  return { kind: "error", code, message, hint, exitCode };
}

/** What `--verbose` adds: the code, the stack, and those of the errors behind it. */
export function failureDetails(failure: KtsError): string {
  const lines = [`code: ${failure.code}`, stackOf(failure)];
  const seen = new Set<unknown>([failure]);
  for (let cause = failure.cause; cause !== undefined && !seen.has(cause); cause = causeOf(cause)) {
    seen.add(cause);
    lines.push(`caused by: ${stackOf(cause)}`);
  }
  return lines.join("\n");
}

/** A message may have the advice in it already. */
function says(message: string, hint: string): boolean {
  return message.toLowerCase().includes(hint.toLowerCase().replace(/\.$/, ""));
}

function stackOf(error: unknown): string {
  if (error instanceof Error) return error.stack ?? String(error);
  return typeof error === "object" ? inspect(error, { depth: 4 }) : String(error);
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

/** What was asked for could not be written. */
export function outputLost(reason: Error): KtsError {
  return new KtsError("KTS_INTERNAL", `stdout cannot be written: ${reason.message}`, {
    cause: reason,
    hint: "Make room, or write elsewhere.",
  });
}
