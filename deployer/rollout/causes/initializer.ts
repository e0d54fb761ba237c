import type { ContainerStatus, Pod, Terminated } from "../kube-shapes.ts";
import { configFinding, howItEnded, memoryFinding } from "./container.ts";
import { type Finding, passing, quoted, terminal } from "./finding.ts";

/** What an initializer's words mean. The first that fits counts. */
const MEANINGS: readonly {
  readonly pattern: RegExp;
  readonly what: string;
  readonly hint: string;
  readonly isFinal: boolean;
}[] = [
  {
    pattern: /RequestTimeTooSkewed|clock skew|difference between the request time/i,
    what: "the node's clock is wrong",
    hint: "Set the node's clock: the store refuses signatures of another time.",
    isFinal: true,
  },
  {
    pattern:
      /InvalidAccessKeyId|SignatureDoesNotMatch|AuthenticationFailed|AuthorizationFailure|InvalidToken|ExpiredToken|invalid_grant|invalid_client|InvalidAuthenticationInfo|\b401\b|Unauthorized/i,
    what: "the store does not take the credentials",
    hint: "Correct the keys under deploy.secret, and deploy again.",
    isFinal: true,
  },
  {
    pattern:
      /NoCredentials|Unable to locate credentials|default credentials|DefaultCredentialsError|Anonymous caller|CredentialUnavailable/i,
    what: "there are no credentials for the store",
    hint: "Give them under deploy.secret, or let serviceAccountName or identity name who the pods are.",
    isFinal: true,
  },
  {
    pattern:
      /NoSuchBucket|bucket does not exist|ContainerNotFound|container does not exist|FilesystemNotFound/i,
    what: "there is no such bucket",
    hint: "Correct the model's URI, or create the bucket and upload the model.",
    isFinal: true,
  },
  {
    pattern:
      /NoSuchKey|BlobNotFound|no such (?:file|object)|Failed to fetch model|No model found|does not exist|\b404\b|not found|RepositoryNotFound|RevisionNotFound/i,
    what: "there is no model at that URI",
    hint: "Correct the model's URI, and check with the store's own tool that the files are there.",
    isFinal: true,
  },
  {
    pattern: /AccessDenied|\b403\b|Forbidden|permission denied|AuthorizationPermissionMismatch|GatedRepo/i,
    what: "the credentials may not read it",
    hint: "Let them read and list the model's folder; S3 answers so also for keys that it does not know and objects that are not there.",
    isFinal: true,
  },
  {
    pattern: /certificate verify failed|SSLError|x509/i,
    what: "the store's certificate is not trusted",
    hint: "Set s3_ca_bundle (or s3_verify_ssl to false), or give the store a certificate that is trusted.",
    isFinal: true,
  },
  {
    pattern: /No space left on device|disk quota exceeded/i,
    what: "the model does not fit on the node's disk",
    hint: "Give the nodes a larger disk, or put the model on a claim (pvc://).",
    isFinal: true,
  },
  {
    pattern:
      /EndpointConnectionError|Could not connect|connection refused|Name or service not known|no such host|Temporary failure in name resolution|Max retries exceeded|timed out|ConnectTimeout|network is unreachable|ServiceRequestError/i,
    what: "the store does not answer",
    hint: "Check s3_endpoint as a pod sees it (localhost is the pod itself), and the cluster's network.",
    isFinal: false,
  },
];

/** An init container that fails: most often the one that fetches the model. */
export function initializerFinding(pod: Pod): Finding | undefined {
  for (const status of pod.status?.initContainerStatuses ?? []) {
    const finding = configFinding(pod, status) ?? memoryFinding(pod, status) ?? endFinding(pod, status);
    if (finding !== undefined && status.state?.terminated?.exitCode !== 0) return finding;
  }
  return undefined;
}

function endFinding(pod: Pod, status: ContainerStatus): Finding | undefined {
  const { name, state, lastState, restartCount = 0 } = status;
  const end = failed(state?.terminated) ?? failed(lastState?.terminated);
  if (end === undefined) return undefined;
  const words = end.message ?? "";
  const meaning = MEANINGS.find(({ pattern }) => pattern.test(words));
  const again = state?.waiting?.reason === "CrashLoopBackOff" || restartCount >= 2;
  const twice = again || (restartCount >= 1 && state?.terminated !== undefined);
  const fetches = name === "storage-initializer";
  const what = meaning === undefined || !fetches ? "" : `: ${meaning.what}`;
  const uri = fetches ? uriOf(pod) : undefined;
  const doing = fetches
    ? `The model${uri === undefined ? "" : ` ${uri}`} could not be fetched${what}`
    : `The init container ${name} failed`;
  const own = words.trim() === "" ? howItEnded(end) : `says: ${quoted(lastWords(words))}`;
  const cause = {
    reason: "initializer",
    message: `${doing} (${name} ${own}).`,
    hint: (fetches ? meaning?.hint : undefined) ?? "Correct what its last lines say, and deploy again.",
    pod: pod.metadata.name,
    container: name,
  } as const;
  if (twice || (meaning?.isFinal === true && fetches)) return terminal(cause);
  return passing(cause);
}

function failed(terminated: Terminated | undefined): Terminated | undefined {
  return terminated !== undefined && terminated.exitCode !== 0 ? terminated : undefined;
}

/** The end of a Python traceback is what went wrong; what stands before it is where. */
function lastWords(message: string): string {
  const lines = message.trim().split("\n");
  return lines.length <= 2 ? message : (lines.at(-1) ?? message);
}

/** What is fetched: the initializer's first argument. */
function uriOf({ spec }: Pod): string | undefined {
  return spec?.initContainers?.find(({ name }) => name === "storage-initializer")?.args?.[0];
}
