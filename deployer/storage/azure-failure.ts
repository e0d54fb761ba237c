import { KtsError, isKtsError, messageOf } from "../../contract/errors.ts";
import { isPassing, networkFailure, plainCause } from "./network-failure.ts";

/** What was wanted of Azure, and of whom. */
export interface AzureAttempt {
  /** `list blobs`, `write a blob`. */
  readonly action: string;
  readonly account: string;
  readonly container: string;
  readonly blob?: string;
}

/** What is known of the store. */
export interface AzureContext {
  readonly endpoint: string;
  /** What the credentials come from. */
  readonly source: string;
  /** A text without the credentials. */
  hide(text: string): string;
}

interface AzureError {
  readonly name?: string;
  readonly code?: string;
  readonly statusCode?: number;
  readonly response?: { readonly headers?: { get(name: string): string | undefined } };
  readonly details?: { readonly authenticationErrorDetail?: string };
}

/** Whether the same request may well succeed a moment later. */
export function isAzureTransient(error: unknown): boolean {
  const { statusCode = 0, code = "" } = error as AzureError;
  return (
    statusCode >= 500 ||
    statusCode === 429 ||
    statusCode === 408 ||
    code === "Md5Mismatch" ||
    // How the SDK calls a connection that failed; its own code is not always kept.
    (statusCode === 0 &&
      code === "REQUEST_SEND_ERROR" &&
      !/certificate|EPROTO|SSL/i.test(messageOf(error))) ||
    isPassing(error)
  );
}

/** The error of a call as one of ours; the credentials are in none of its parts. */
export function azureFailure(error: unknown, attempt: AzureAttempt, context: AzureContext): KtsError {
  if (isKtsError(error)) return error;
  const { account, container, blob, action } = attempt;
  const { source, endpoint } = context;
  const { code = "", statusCode, name = "" } = error as AzureError;
  // The text goes on with a time and the id of the request.
  const text = context.hide(messageOf(error)).split("\n", 1)[0] ?? "";
  const cause = plainCause(new Error(text));
  const place = blob === undefined ? `${endpoint}/${container}` : `${endpoint}/${container}/${blob}`;
  const denied = (message: string, hint: string): KtsError =>
    new KtsError("KTS_STORE_DENIED", message, { hint, cause });
  if (statusCode === undefined) {
    const network = networkFailure(error, {
      url: endpoint,
      httpsSetting: "BlobEndpoint of AZURE_STORAGE_CONNECTION_STRING",
    });
    if (network !== undefined) return network;
    if (/Credential|Authentication/.test(name) || /base64|invalid.*key/i.test(text)) {
      return denied(
        `There are no credentials for ${place}, or they cannot be used: ${text}`,
        `Give azure_storage_access_key or azure_client_id in deploy.secret, or run az login. (${source})`,
      );
    }
  }
  switch (code) {
    case "ContainerNotFound":
    case "ResourceNotFound":
      return new KtsError(
        "KTS_STORE_NOT_FOUND",
        `There is no container ${container} in the account ${account}.`,
        {
          hint: `Create it first (az storage container create --account-name ${account} --name ${container}), or name another --store.`,
          cause,
        },
      );
    case "ContainerBeingDeleted":
    case "AccountIsDisabled":
      return new KtsError("KTS_STORE_NOT_FOUND", `${place} is not to be used: ${code}.`, { cause });
    case "AuthorizationPermissionMismatch":
    case "AuthorizationFailure":
    case "InsufficientAccountPermissions":
      return denied(
        `The credentials may not ${action} at ${place}: ${code}.`,
        `Give the role Storage Blob Data Contributor to whom they belong (${source}); the account's firewall says the same.`,
      );
    default:
  }
  if (statusCode === 401 || statusCode === 403)
    return refused(error as AzureError, endpoint, text, denied, source);
  const words = [code || text, statusCode === undefined ? "" : `(HTTP ${statusCode})`]
    .filter(Boolean)
    .join(" ");
  return new KtsError("KTS_UPLOAD_FAILED", `Azure failed to ${action} at ${place}: ${words}.`, { cause });
}

/** A clock that is more than 15 minutes off ends in the same code as a wrong key. */
function refused(
  error: AzureError,
  endpoint: string,
  text: string,
  denied: (message: string, hint: string) => KtsError,
  source: string,
): KtsError {
  const detail = `${error.details?.authenticationErrorDetail ?? ""} ${text}`;
  const theirs = Date.parse(error.response?.headers?.get("date") ?? "");
  const minutes = Math.round((Date.now() - theirs) / 60_000);
  if (/date header.*(too old|incorrect)|Request date/i.test(detail) || Math.abs(minutes) >= 15) {
    const byHow = Number.isNaN(minutes)
      ? "more than 15 minutes away from Azure's"
      : `${Math.abs(minutes)} minutes ${minutes > 0 ? "ahead of" : "behind"} Azure's`;
    return denied(
      `${endpoint} refuses the time of the request: this machine's clock is ${byHow}.`,
      "Set the clock (timedatectl set-ntp true).",
    );
  }
  const code = error.code ?? `HTTP ${error.statusCode}`;
  if (/expired|Signed expiry/i.test(detail)) {
    return denied(
      `The token for ${endpoint} has expired: ${code}.`,
      `Make a new one, or log in again. (${source})`,
    );
  }
  return denied(
    `${endpoint} does not take the credentials: ${code}.`,
    `Are they right, and of this account? (${source})`,
  );
}
