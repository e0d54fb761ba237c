import { KtsError } from "../../contract/errors.ts";
import { type Challenge, readChallenges } from "./challenge.ts";
import type { CredentialsFor, RegistryCredentials } from "./credentials.ts";
import { type Purpose, readAtMost, registryWords, unreachable, unusable } from "./registry-error.ts";

/** What a request wants to do, for a token that allows no more: `repository:me/digits:pull,push`. */
export function repositoryScope(repository: string, purpose: Purpose): string {
  return `repository:${repository}:${purpose === "push" ? "pull,push" : "pull"}`;
}

/** Where a token's answer names no time; the specification's own. */
const USUAL_LIFE_SECONDS = 60;
/** A token that ends this soon is not used any more. */
const SPARE_MS = 10_000;
const MOST_ANSWER_BYTES = 1_048_576;

interface Token {
  readonly value: string;
  readonly endsAt: number;
}

/** Says who asks, in the way that a registry wants it: by a bearer token, which it fetches, or by name and password. */
export class Authorizer {
  readonly #registry: string;
  readonly #credentialsFor: CredentialsFor | undefined;
  /** Whether a password may go over a connection without TLS. */
  readonly #allowsPlain: boolean;
  readonly #tokens = new Map<string, Token>();
  #credentials: Promise<RegistryCredentials | undefined> | undefined;
  /** What the registry asked for last; undefined before it asked for anything. */
  #challenge: Challenge | undefined;

  constructor(registry: string, credentialsFor: CredentialsFor | undefined, allowsPlain: boolean) {
    this.#registry = registry;
    this.#credentialsFor = credentialsFor;
    this.#allowsPlain = allowsPlain;
  }

  /**
   * The Authorization header for a request; undefined where the registry asks for none, or there is none to give.
   * @throws KtsError KTS_REGISTRY_DENIED when the token server refuses, KTS_REGISTRY_UNREACHABLE
   */
  async header(scopes: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    const challenge = this.#challenge;
    if (challenge === undefined) return undefined;
    if (challenge.scheme === "bearer") return `Bearer ${await this.#token(challenge, scopes, signal)}`;
    const credentials = await this.#known(signal);
    return credentials?.kind === "password" ? basic(credentials) : undefined;
  }

  /**
   * Learns from an answer 401 what the registry asks for; a token that it did not take is forgotten.
   * @returns false where nothing of it can be given
   */
  learn(header: string | null, scopes: readonly string[]): boolean {
    const challenges = readChallenges(header ?? "");
    const known = ["bearer", "basic"].flatMap(
      (scheme) => challenges.find((one) => one.scheme === scheme) ?? [],
    );
    const [challenge] = known;
    if (challenge === undefined) return false;
    this.#challenge = challenge;
    this.#tokens.delete(key(scopes));
    return true;
  }

  async #token(challenge: Challenge, scopes: readonly string[], signal: AbortSignal): Promise<string> {
    const kept = this.#tokens.get(key(scopes));
    if (kept !== undefined && kept.endsAt - SPARE_MS > Date.now()) return kept.value;
    const token = await this.#fetchToken(challenge, scopes, signal);
    this.#tokens.set(key(scopes), token);
    return token.value;
  }

  async #fetchToken(challenge: Challenge, scopes: readonly string[], signal: AbortSignal): Promise<Token> {
    const realm = this.#realm(challenge);
    const { service } = challenge.parameters;
    const credentials = await this.#known(signal);
    let response: Response;
    try {
      response = await fetch(...tokenRequest(realm, service, scopes, credentials, signal));
    } catch (error) {
      throw signal.aborted
        ? signal.reason
        : unreachable(`${this.#registry} (token server ${realm.host})`, error);
    }
    if (!response.ok) {
      const words = await registryWords(response);
      const said = words === "" ? `HTTP ${response.status}` : `${words} (HTTP ${response.status})`;
      const code = response.status >= 500 ? "KTS_REGISTRY_UNREACHABLE" : "KTS_REGISTRY_DENIED";
      const who = credentials === undefined ? "an anonymous client" : "these credentials";
      throw new KtsError(code, `The registry ${this.#registry} gives no token to ${who}: ${said}.`);
    }
    return this.#readToken(response);
  }

  async #readToken(response: Response): Promise<Token> {
    let answer: { token?: unknown; access_token?: unknown; expires_in?: unknown };
    try {
      const bytes = await readAtMost(response, MOST_ANSWER_BYTES);
      answer = JSON.parse(new TextDecoder().decode(bytes)) as typeof answer;
    } catch (error) {
      throw unusable(this.#registry, "with a token that is not JSON", error);
    }
    const value = answer.token ?? answer.access_token;
    if (typeof value !== "string" || value === "") throw unusable(this.#registry, "without a token");
    const life = typeof answer.expires_in === "number" ? answer.expires_in : USUAL_LIFE_SECONDS;
    return { value, endsAt: Date.now() + life * 1000 };
  }

  #realm({ parameters }: Challenge): URL {
    let realm: URL;
    try {
      realm = new URL(parameters["realm"] ?? "");
    } catch (error) {
      throw unusable(this.#registry, "that a token is needed, without an address to fetch it from", error);
    }
    if (realm.protocol === "https:" || (realm.protocol === "http:" && this.#allowsPlain)) return realm;
    throw new KtsError(
      "KTS_REGISTRY_DENIED",
      `The registry ${this.#registry} wants the password sent to ${realm.origin}, which has no TLS.`,
    );
  }

  #known(signal: AbortSignal): Promise<RegistryCredentials | undefined> {
    const asked =
      this.#credentials ?? this.#credentialsFor?.(this.#registry, signal) ?? Promise.resolve(undefined);
    this.#credentials = asked;
    // Asked again where it failed: the helper may have been cancelled with the request.
    asked.catch(() => (this.#credentials = undefined));
    return asked;
  }
}

function tokenRequest(
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
  credentials: RegistryCredentials | undefined,
  signal: AbortSignal,
): [URL, RequestInit] {
  if (credentials?.kind === "identity-token") {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: credentials.token,
      client_id: "kserve-ts",
      scope: scopes.join(" "),
      ...(service !== undefined && { service }),
    });
    return [realm, { method: "POST", body: form, signal, redirect: "error" }];
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const headers: Record<string, string> =
    credentials === undefined ? {} : { authorization: basic(credentials) };
  return [url, { headers, signal, redirect: "error" }];
}

function basic({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function key(scopes: readonly string[]): string {
  return scopes.join(" ");
}
