import { deepestCause } from "../../contract/deepest-cause.ts";
import { KtsError, messageOf } from "../../contract/errors.ts";

/** Where a request went, for messages. */
export interface Where {
  /** Name of the context. */
  readonly context: string;
  readonly server: string;
}

interface Explanation {
  readonly why: string;
  readonly hint: string;
}

const REASONS: Readonly<Record<string, Explanation>> = {
  ECONNREFUSED: {
    why: "nothing accepts connections there",
    hint: "Is the cluster running, and does this kubeconfig still name its address?",
  },
  ENOTFOUND: {
    why: "its host name is not known",
    hint: "Is the name right, and does it need a VPN or another DNS server?",
  },
  EAI_AGAIN: { why: "its host name could not be looked up", hint: "Is this machine's network and DNS up?" },
  ENETUNREACH: { why: "there is no route to it", hint: "Does it need a VPN?" },
  EHOSTUNREACH: { why: "there is no route to it", hint: "Does it need a VPN?" },
  ETIMEDOUT: {
    why: "it does not accept the connection in time",
    hint: "Does it need a VPN, or does a firewall keep this machine out?",
  },
  ECONNRESET: { why: "it closed the connection", hint: "Try again; is there a proxy in between?" },
  EPIPE: { why: "it closed the connection", hint: "Try again; is there a proxy in between?" },
  CERT_HAS_EXPIRED: {
    why: "its certificate has expired",
    hint: "Renew the cluster's certificates, or set this machine's clock right.",
  },
  CERT_NOT_YET_VALID: { why: "its certificate is not valid yet", hint: "Set this machine's clock right." },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    why: "its certificate is for another name",
    hint: "Use the name that it is for, or set tls-server-name in the kubeconfig's cluster.",
  },
  EPROTO: { why: "it does not speak TLS", hint: "Should the server's URL begin with http://?" },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    why: "it does not speak TLS",
    hint: "Should the server's URL begin with http://?",
  },
  HPE_INVALID_CONSTANT: {
    why: "it does not speak HTTP",
    hint: "Should the server's URL begin with https://?",
  },
};

const UNKNOWN_SIGNER: Explanation = {
  why: "its certificate is signed by an authority that is not known",
  hint:
    "Does the kubeconfig's certificate-authority-data belong to this cluster? It changes when a cluster is made " +
    "anew: fetch the credentials again.",
};

const BAD_CLIENT_CERT =
  /alert (bad certificate|unknown ca|certificate (required|expired|unknown|revoked))|ALERT_/i;

/** A server that could not be asked, or whose answer broke off, with the reason and what to do. */
export function unreachable({ context, server }: Where, error: unknown): KtsError {
  const behind = deepestCause(error);
  const code = String((behind as NodeJS.ErrnoException).code ?? "");
  const text = messageOf(behind).split("\n", 1)[0] ?? "";
  if (BAD_CLIENT_CERT.test(`${code} ${text}`)) {
    const message = `The cluster ${server} (context ${context}) does not accept the kubeconfig's client certificate.`;
    return new KtsError("KTS_CLUSTER_DENIED", message, {
      cause: error,
      hint: "It may have expired, or be of another cluster: fetch the credentials again.",
    });
  }
  const known = /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|CERT_SIGNATURE_FAILURE/.test(code)
    ? UNKNOWN_SIGNER
    : REASONS[code];
  const why = known?.why ?? (text === "" ? code : text);
  return new KtsError(
    "KTS_CLUSTER_UNREACHABLE",
    `Cannot reach the cluster ${server} (context ${context}): ${why}.`,
    {
      cause: error,
      ...(known !== undefined && { hint: known.hint }),
    },
  );
}
