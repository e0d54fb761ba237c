import { readFile } from "node:fs/promises";
import { KtsError, messageOf } from "../../contract/errors.ts";
import { execCredential } from "./exec-plugin.ts";
import type { Environment, Section } from "./kubeconfig.ts";
import { oidcToken } from "./oidc.ts";
import type { ChosenContext } from "./pick-context.ts";
import type { Secured } from "./tls.ts";

/** How a user shows who it is: headers and a certificate. Until `goodUntilMs` (epoch) it need not be asked for again. */
export interface Credential {
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly tls: Secured;
  readonly goodUntilMs: number;
}

/** Gives a user's credential, and asks for a new one when it is over. */
export class Credentials {
  readonly #context: ChosenContext;
  readonly #env: Environment;
  #current: Promise<Credential> | undefined;
  #goodUntilMs = 0;

  constructor(context: ChosenContext, env: Environment) {
    this.#context = context;
    this.#env = env;
  }

  /** @throws KtsError KTS_CLUSTER_DENIED when the plugin, the token's file or the certificate cannot be had */
  async get(): Promise<Credential> {
    if (this.#current === undefined || Date.now() >= this.#goodUntilMs) {
      this.#goodUntilMs = Number.POSITIVE_INFINITY;
      const asked = credentialOf(this.#context, this.#env);
      this.#current = asked;
      asked.then(
        ({ goodUntilMs }) => (this.#goodUntilMs = goodUntilMs),
        () => this.forget(),
      );
    }
    return await this.#current;
  }

  /** Lets the next request ask again: the server did not accept this one. */
  forget(): void {
    this.#current = undefined;
  }

  /** Whether another one can be had by asking again. */
  get renewable(): boolean {
    const { user } = this.#context;
    return user.exec !== undefined || user["auth-provider"] !== undefined || user.tokenFile !== undefined;
  }
}

/** A token's file is written anew by whoever rotates it; client-go looks once a minute. */
const TOKEN_FILE_MS = 60_000;

async function credentialOf(context: ChosenContext, env: Environment): Promise<Credential> {
  const { user } = context;
  const tls = {
    cert: await fileOrData(user, "client-certificate"),
    key: await fileOrData(user, "client-key"),
  };
  const base = { headers: impersonation(user), tls, goodUntilMs: Number.POSITIVE_INFINITY };
  if (typeof user.tokenFile === "string" && user.tokenFile !== "") {
    const token = (await read(user.tokenFile, "token")).toString("utf8").trim();
    return { ...withToken(base, token), goodUntilMs: Date.now() + TOKEN_FILE_MS };
  }
  if (typeof user.token === "string" && user.token !== "") return withToken(base, user.token);
  if (typeof user.username === "string" && user.username !== "") {
    const pair = Buffer.from(`${user.username}:${textOf(user.password)}`).toString("base64");
    return { ...base, headers: { ...base.headers, authorization: `Basic ${pair}` } };
  }
  if (user.exec !== undefined) {
    const got = await execCredential(context, env);
    const shown = got.token === undefined ? base : withToken(base, got.token);
    return { ...shown, tls: got.tls ?? tls, goodUntilMs: got.goodUntilMs };
  }
  if (user["auth-provider"] !== undefined) {
    const { token, goodUntilMs } = oidcToken(context);
    return { ...withToken(base, token), goodUntilMs };
  }
  return base;
}

function withToken(base: Credential, token: string): Credential {
  return { ...base, headers: { ...base.headers, authorization: `Bearer ${token}` } };
}

function impersonation(user: Section): Record<string, string | readonly string[]> {
  const as = textOf(user.as);
  if (as === "") return {};
  const uid = textOf(user["as-uid"]);
  const groups = Array.isArray(user["as-groups"]) ? user["as-groups"].map(String) : [];
  return {
    "impersonate-user": as,
    ...(uid !== "" && { "impersonate-uid": uid }),
    ...(groups.length > 0 && { "impersonate-group": groups }),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** What a kubeconfig gives in itself, in base64, or names a file of; the former wins, as with kubectl. */
export async function fileOrData(section: Section, member: string): Promise<Buffer | undefined> {
  const data = textOf(section[`${member}-data`]);
  if (data !== "") return Buffer.from(data, "base64");
  const file = textOf(section[member]);
  return file === "" ? undefined : await read(file, member);
}

async function read(file: string, member: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new KtsError(
      "KTS_CLUSTER_DENIED",
      `Cannot read the ${member} of the kubeconfig: ${messageOf(error)}.`,
      {
        cause: error,
        hint: "Fetch the cluster's credentials again.",
      },
    );
  }
}
