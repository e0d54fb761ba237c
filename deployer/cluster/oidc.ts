import { KtsError } from "../../contract/errors.ts";
import { isPlainObject } from "../manifests/manifest.ts";
import type { ChosenContext } from "./pick-context.ts";

/** A token, and until when it is good, as epoch milliseconds. */
export interface OidcToken {
  readonly token: string;
  readonly goodUntilMs: number;
}

/** A token that ends this soon is not worth a request. */
const MARGIN_MS = 10_000;

/**
 * The id token of a kubeconfig's `oidc` provider. It is not renewed here: issuers take a refresh token once, so that the
 * next one would have to be written into the kubeconfig, which is kubectl's to write.
 * @throws KtsError KTS_CLUSTER_DENIED when it has expired, or the provider is another
 */
export function oidcToken(context: ChosenContext): OidcToken {
  const provider = isPlainObject(context.user["auth-provider"]) ? context.user["auth-provider"] : {};
  const config = isPlainObject(provider.config) ? provider.config : {};
  const token = config["id-token"];
  if (provider.name !== "oidc" || typeof token !== "string") {
    const name = provider.name === "oidc" ? "oidc without an id-token" : String(provider.name);
    throw denied(
      context,
      `its auth-provider is ${name}`,
      "Fetch the cluster's credentials again: kubectl no longer knows providers other than oidc.",
    );
  }
  const goodUntilMs = expiryMs(token) - MARGIN_MS;
  if (goodUntilMs <= Date.now()) {
    throw denied(
      context,
      "its OIDC token has expired",
      `kubectl --context ${context.name} get namespaces renews it, or log in again; then try again.`,
    );
  }
  return { token, goodUntilMs };
}

function expiryMs(token: string): number {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    const expires = isPlainObject(claims) ? claims.exp : undefined;
    return typeof expires === "number" ? expires * 1000 : Number.POSITIVE_INFINITY;
  } catch {
    // No JSON Web Token: only the server knows.
    return Number.POSITIVE_INFINITY;
  }
}

function denied({ name }: ChosenContext, problem: string, hint: string): KtsError {
  const message = `Cannot log in to the cluster of the context ${name}: ${problem}.`;
  return new KtsError("KTS_CLUSTER_DENIED", message, { hint });
}
