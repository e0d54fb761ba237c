import { KtsError, isKtsError, messageOf } from "../../contract/errors.ts";
import { isPassing, networkFailure, plainCause } from "./network-failure.ts";

/** What was wanted of Google's store, and of whom. */
export interface GcsAttempt {
  /** The permission that it takes: `storage.objects.create`. */
  readonly permission: string;
  readonly bucket: string;
  readonly object?: string;
}

/** What is known of the store. */
export interface GcsContext {
  readonly endpoint: string;
  /** What the credentials come from. */
  readonly source: string;
  /** A text without the credentials. */
  hide(text: string): string;
}

/** An answer that refuses. */
export class GcsRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "GcsRefusal";
    this.status = status;
  }
}

/** Whether the same request may well succeed a moment later. */
export function isGcsTransient(error: unknown): boolean {
  if (error instanceof GcsRefusal) return error.status >= 500 || error.status === 429 || error.status === 408;
  return isPassing(error);
}

/** The error of a call as one of ours; the credentials are in none of its parts. */
export function gcsFailure(error: unknown, attempt: GcsAttempt, context: GcsContext): KtsError {
  if (isKtsError(error)) return error;
  const { bucket, object, permission } = attempt;
  const { source } = context;
  const place = object === undefined ? `gs://${bucket}` : `gs://${bucket}/${object}`;
  const text = context.hide(messageOf(error));
  const cause = plainCause(new Error(text));
  const denied = (message: string, hint: string): KtsError =>
    new KtsError("KTS_STORE_DENIED", message, { hint, cause });
  if (error instanceof GcsRefusal) {
    const { status } = error;
    if (status === 401) {
      return denied(
        `Google does not take the credentials: ${text} (HTTP 401).`,
        `Are they of use still? (${source})`,
      );
    }
    if (status === 403) {
      return denied(
        `The credentials may not do ${permission} on ${place}: ${text} (HTTP 403).`,
        `Grant roles/storage.objectUser on the bucket to whom they belong (${source}).`,
      );
    }
    if (status === 404) {
      return new KtsError("KTS_STORE_NOT_FOUND", `There is no bucket ${bucket} at ${context.endpoint}.`, {
        hint: `Create it first (gcloud storage buckets create gs://${bucket}), or name another --store.`,
        cause,
      });
    }
    const message = `Google's store failed at ${permission} on ${place}: ${text} (HTTP ${status}).`;
    return new KtsError("KTS_UPLOAD_FAILED", message, { cause });
  }
  const network = networkFailure(error, { url: context.endpoint, httpsSetting: "STORAGE_EMULATOR_HOST" });
  if (network !== undefined) return network;
  // What the library for credentials says: each has a text of its own and no code.
  if (/invalid_grant/.test(text) && /iat|exp|time/i.test(text)) {
    return denied(
      `Google refuses the time of the request: this machine's clock is wrong. ${text}`,
      "Set the clock (timedatectl set-ntp true).",
    );
  }
  if (/invalid_grant|invalid_client|account not found/i.test(text)) {
    return denied(
      `Google does not take the credentials: ${text}`,
      `Make a new key, or log in again. (${source})`,
    );
  }
  if (/Could not load the default credentials|Could not refresh access token/i.test(text)) {
    return denied(
      `There are no credentials for ${place}.`,
      "Give google_application_credentials in deploy.secret, set GOOGLE_APPLICATION_CREDENTIALS, or run " +
        "gcloud auth application-default login.",
    );
  }
  return denied(`The credentials for ${place} cannot be used: ${text}`, `Correct them (${source}).`);
}
