import { spawn } from "node:child_process";
import { KtsError, messageOf } from "../../contract/errors.ts";
import { isPlainObject } from "../manifests/manifest.ts";
import type { Environment, Section } from "./kubeconfig.ts";
import type { ChosenContext } from "./pick-context.ts";
import type { Secured } from "./tls.ts";

/** What an exec plugin gave. */
export interface PluginCredential {
  readonly token?: string;
  readonly tls?: Secured;
  /** Until when, as epoch milliseconds. */
  readonly goodUntilMs: number;
}

/** One that has to open a browser and wait for a person takes its time. */
const PLUGIN_MS = 180_000;

/**
 * Runs the command that a kubeconfig names for credentials (client.authentication.k8s.io), such as `aws` or
 * `gke-gcloud-auth-plugin`.
 * @throws KtsError KTS_CLUSTER_DENIED that names the command, when it is not there, fails or says nothing of use
 */
export async function execCredential(context: ChosenContext, env: Environment): Promise<PluginCredential> {
  const plugin = isPlainObject(context.user.exec) ? context.user.exec : {};
  const command = typeof plugin.command === "string" ? plugin.command : "";
  if (command === "") {
    throw denied(context, "its user has an exec section that names no command", "Correct the kubeconfig.");
  }
  const args = strings(plugin.args);
  const said = await run(context, plugin, [command, ...args], env);
  return credentialIn(said, context, [command, ...args].join(" "));
}

async function run(
  context: ChosenContext,
  plugin: Section,
  [command = "", ...args]: readonly string[],
  env: Environment,
): Promise<string> {
  const line = [command, ...args].join(" ");
  const child = spawn(command, args, {
    env: { ...env, ...variables(plugin.env), KUBERNETES_EXEC_INFO: execInfo(context, plugin) },
    stdio: ["inherit", "pipe", "pipe"],
    timeout: PLUGIN_MS,
  });
  const out: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => errors.push(chunk));
  const ended = await new Promise<number | string | Error>((resolve) => {
    child.on("error", resolve);
    child.on("close", (code, signal) => resolve(code ?? signal ?? "an unknown signal"));
  });
  if (ended instanceof Error) {
    const missing = (ended as NodeJS.ErrnoException).code === "ENOENT";
    const advice = typeof plugin.installHint === "string" ? plugin.installHint.trim() : "";
    throw denied(
      context,
      missing ? `the kubeconfig's command ${command} is not installed` : `${line}: ${messageOf(ended)}`,
      advice === "" ? `Install ${command}, so that it is found in PATH, and try again.` : advice,
      ended,
    );
  }
  if (ended !== 0) {
    const words = Buffer.concat(errors).toString("utf8").trim().split("\n").slice(-5).join("\n");
    const how = typeof ended === "number" ? `exit code ${ended}` : ended;
    throw denied(
      context,
      `the kubeconfig's command "${line}" failed (${how})${words === "" ? "" : `: ${words}`}`,
      `Run that command yourself until it works: it gives kubectl its login, too.`,
    );
  }
  return Buffer.concat(out).toString("utf8");
}

function credentialIn(said: string, context: ChosenContext, line: string): PluginCredential {
  let status: Section = {};
  try {
    const credential = JSON.parse(said) as unknown;
    if (isPlainObject(credential) && isPlainObject(credential.status)) status = credential.status;
  } catch {
    // It is told below that there is nothing; what it said may hold secrets.
  }
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
  if (typeof token !== "string" && typeof cert !== "string") {
    const hint = "Its output has to be an ExecCredential with a status; is the plugin's version right?";
    throw denied(context, `the kubeconfig's command "${line}" gave no token and no certificate`, hint);
  }
  const until = typeof expirationTimestamp === "string" ? Date.parse(expirationTimestamp) : NaN;
  return {
    ...(typeof token === "string" && { token }),
    ...(typeof cert === "string" && typeof key === "string" && { tls: { cert, key } }),
    goodUntilMs: Number.isNaN(until) ? Number.POSITIVE_INFINITY : until,
  };
}

/** What client-go tells a plugin: the version to answer in and, if it wants to know, the cluster. */
function execInfo({ cluster, server }: ChosenContext, plugin: Section): string {
  const ca = cluster["certificate-authority-data"];
  return JSON.stringify({
    apiVersion: plugin.apiVersion ?? "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    spec: {
      interactive: process.stdin.isTTY === true && plugin.interactiveMode !== "Never",
      ...(plugin.provideClusterInfo === true && {
        cluster: { server, ...(ca !== undefined && { "certificate-authority-data": ca }) },
      }),
    },
  });
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function variables(value: unknown): Record<string, string> {
  const pairs = Array.isArray(value) ? value.filter(isPlainObject) : [];
  return Object.fromEntries(pairs.map(({ name, value: text }) => [String(name), String(text ?? "")]));
}

function denied({ name }: ChosenContext, problem: string, hint: string, cause?: unknown): KtsError {
  return new KtsError(
    "KTS_CLUSTER_DENIED",
    `Cannot log in to the cluster of the context ${name}: ${problem}.`,
    {
      hint,
      cause,
    },
  );
}
