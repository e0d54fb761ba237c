import { type ErrorCode, KtsError, isKtsError, messageOf } from "../../contract/errors.ts";
import { type Endpoint, isPassing, networkFailure } from "./network-failure.ts";

/** What was wanted, and of whom. */
export interface S3Attempt {
  /** The permission that it takes: `s3:PutObject`. */
  readonly permission: string;
  readonly bucket: string;
  readonly key?: string;
}

/** What is known of the store. */
export interface S3Context {
  readonly endpoint: string | undefined;
  readonly region: string;
  /** What the credentials come from. */
  readonly source: string;
  /** A text without the credentials. */
  hide(text: string): string;
}

interface AwsError {
  readonly name: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly ServerTime?: string;
  readonly Region?: string;
}

const PASSING_CODES = new Set([
  "InternalError",
  "OperationAborted",
  "RequestTimeout",
  "ServiceUnavailable",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "TooManyRequests",
  "TooManyRequestsException",
  // What a proxy cut off in the middle is refused; the content itself was checked before.
  "BadDigest",
  "IncompleteBody",
  "XAmzContentSHA256Mismatch",
]);

/** Whether the same request may well succeed a moment later. */
export function isS3Transient(error: unknown): boolean {
  const { name, $metadata } = error as AwsError;
  // The SDK has moved its clock; the next request is signed with it.
  if ($metadata?.clockSkewCorrected === true) return true;
  const status = $metadata?.httpStatusCode ?? 0;
  return PASSING_CODES.has(name) || status >= 500 || status === 429 || isPassing(error);
}

/** The error of an S3 call as one of ours; the credentials are in none of its parts. */
export function s3Failure(error: unknown, attempt: S3Attempt, context: S3Context): KtsError {
  if (isKtsError(error)) return error;
  const url = context.endpoint ?? `https://s3.${context.region}.amazonaws.com`;
  const endpoint: Endpoint = {
    url,
    httpsSetting: "s3_use_https, or http:// or https:// in front of s3_endpoint",
    verifySetting: "s3_verify_ssl: false",
  };
  const network = networkFailure(error, endpoint);
  if (network !== undefined) return network;
  const aws = error as AwsError;
  const { code, message, hint } = describe(aws, attempt, context, url);
  return new KtsError(code, message, {
    cause: hiddenCause(aws.name, context.hide(messageOf(error))),
    ...(hint !== undefined && { hint }),
  });
}

/** The SDK's error has the request in it, and with it the session token. */
function hiddenCause(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

interface Description {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

function describe(error: AwsError, attempt: S3Attempt, context: S3Context, url: string): Description {
  const { bucket, key, permission } = attempt;
  const { source } = context;
  const place = key === undefined ? `s3://${bucket}` : `s3://${bucket}/${key}`;
  const status = error.$metadata?.httpStatusCode;
  const text = context.hide(messageOf(error));
  switch (error.name) {
    case "InvalidAccessKeyId":
    case "XAdminUserNotFound":
    case "XAdminNoSuchUser":
      return denied(
        `The store at ${url} does not know the access key: ${error.name}.`,
        `Is ${source} right, and of this store?`,
      );
    case "SignatureDoesNotMatch":
      return denied(
        `The store at ${url} refuses the secret access key: ${error.name}.`,
        `It does not belong to the access key (${source}); a blank or newline at its end is a usual cause.`,
      );
    case "ExpiredToken":
    case "ExpiredTokenException":
    case "TokenRefreshRequired":
      return denied(
        `The session of the credentials has expired: ${error.name}.`,
        `Log in again (${source}).`,
      );
    case "InvalidToken":
      return denied(
        `The store at ${url} refuses the session token: ${error.name}.`,
        `Is AWS_SESSION_TOKEN left from an older login? (${source})`,
      );
    case "CredentialsProviderError":
      return denied(
        `There are no credentials for ${place}.`,
        "Give aws_access_key_id and aws_secret_access_key in deploy.secret, or set AWS_ACCESS_KEY_ID and " +
          "AWS_SECRET_ACCESS_KEY, or log in with the aws command.",
      );
    case "RequestTimeTooSkewed":
    case "RequestExpired":
      return skewed(error, url);
    case "NoSuchBucket":
      return {
        code: "KTS_STORE_NOT_FOUND",
        message: `There is no bucket ${bucket} at ${url}.`,
        hint: `Create it first (aws s3 mb s3://${bucket}), or name another --store.`,
      };
    case "PermanentRedirect":
    case "AuthorizationHeaderMalformed":
    case "IllegalLocationConstraintException":
      return wrongRegion(error, bucket, context.region, text);
    case "AccessDenied":
    case "AllAccessDisabled":
    case "Forbidden":
      return denied(
        `The credentials may not do ${permission} on ${place}: ${error.name}.`,
        `Allow ${permission} to whom they belong (${source}), or name another --store.`,
      );
    default:
  }
  if (status === 301) return wrongRegion(error, bucket, context.region, text);
  if (status === 401 || status === 403) {
    return denied(`The store at ${url} refuses ${permission} on ${place}: ${text} (HTTP ${status}).`);
  }
  const words = status === undefined ? text : `${text} (HTTP ${status})`;
  return {
    code: "KTS_UPLOAD_FAILED",
    message: `The store at ${url} failed at ${permission} on ${place}: ${words}.`,
  };
}

function denied(message: string, hint?: string): Description {
  return { code: "KTS_STORE_DENIED", message, ...(hint !== undefined && { hint }) };
}

/** The SDK follows a store's clock where the answer says what time it is; here it could not. */
function skewed(error: AwsError, url: string): Description {
  const told = error.ServerTime ?? header(error, "date");
  const theirs = told === undefined ? NaN : Date.parse(told);
  const seconds = Math.round((Date.now() - theirs) / 1000);
  const byHow = Number.isNaN(seconds)
    ? "more than 15 minutes away from the store's"
    : `${spell(Math.abs(seconds))} ${seconds > 0 ? "ahead of" : "behind"} the store's`;
  return denied(
    `The store at ${url} refuses the time of the request: this machine's clock is ${byHow}.`,
    "Set the clock (timedatectl set-ntp true), and the store's if that one is wrong.",
  );
}

function spell(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;
}

function wrongRegion(error: AwsError, bucket: string, region: string, text: string): Description {
  const right =
    header(error, "x-amz-bucket-region") ?? error.Region ?? /expecting '([\w-]+)'/.exec(text)?.[1];
  return {
    code: "KTS_STORE_DENIED",
    message: `The bucket ${bucket} is not in the region ${region}${right === undefined ? "" : ` but in ${right}`}: ${error.name}.`,
    hint: `Set s3_region${right === undefined ? "" : `: ${right}`} in deploy.secret, or AWS_REGION.`,
  };
}

function header(error: AwsError, name: string): string | undefined {
  return error.$response?.headers?.[name];
}
