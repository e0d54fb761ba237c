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

/** The id token of a kubeconfig's `oidc` provider. @throws KtsError KTS_CLUSTER_DENIED when there is none that is good */
export function oidcToken(context: ChosenContext): Promise<OidcToken> {
  const provider = isPlainObject(context.user["auth-provider"]) ? context.user["auth-provider"] : {};
  const config = isPlainObject(provider.config) ? provider.config : {};
  const token = config["id-token"];
  if (provider.name !== "oidc" || typeof token !== "string") {
    throw new KtsError(
      "KTS_CLUSTER_DENIED",
      `Cannot log in to the cluster of the context ${context.name}: its auth-provider is ${String(provider.name)}, ` +
        "which kubectl no longer knows either.",
      { hint: "Fetch the cluster's credentials again: today's kubeconfigs name an exec plugin." },
    );
  }
  return Promise.resolve({ token, goodUntilMs: expiryMs(token) - MARGIN_MS });
}

function expiryMs(token: string): number {
  try {
    const claims = JSON.parse(
      Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"),
    ) as unknown;
    const expires = isPlainObject(claims) ? claims.exp : undefined;
    return typeof expires === "number" ? expires * 1000 : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
