import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { KtsError, messageOf } from "../../contract/errors.ts";
import { isPlainObject } from "../manifests/manifest.ts";

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A part of a kubeconfig, as it is written there; paths in it are absolute. */
export type Section = Readonly<Record<string, unknown>>;

/** Kubeconfig files laid over each other, as kubectl does it: the first that says something wins. */
export interface Kubeconfig {
  /** The files that were read; empty where there is none. */
  readonly files: readonly string[];
  readonly currentContext: string | undefined;
  readonly contexts: ReadonlyMap<string, Section>;
  readonly clusters: ReadonlyMap<string, Section>;
  readonly users: ReadonlyMap<string, Section>;
}

/** Members that name files, relative to the file that names them. */
const PATHS: readonly string[] = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];

/**
 * Reads the file that is named; else those of KUBECONFIG; else ~/.kube/config. Of the latter two those that are not
 * there are passed over, as kubectl does.
 *
 * It is read here and not by the official client for JavaScript: that costs 120 ms at the least when stripped to this
 * part (600 ms as it is), and does not lay several files over each other as kubectl does.
 *
 * @throws KtsError KTS_CLUSTER_UNREACHABLE when a file cannot be read or is no kubeconfig
 */
export async function readKubeconfig(named: string | undefined, env: Environment): Promise<Kubeconfig> {
  const listed = (env.KUBECONFIG ?? "").split(delimiter).filter((file) => file !== "");
  const home = env.HOME ?? env.USERPROFILE ?? homedir();
  const files = named === undefined ? listed : [named];
  const wanted = files.length > 0 ? files : [join(home, ".kube", "config")];
  const merged = {
    files: [] as string[],
    currentContext: undefined as string | undefined,
    contexts: new Map<string, Section>(),
    clusters: new Map<string, Section>(),
    users: new Map<string, Section>(),
  };
  for (const file of wanted) {
    const text = await textOf(resolve(file), named !== undefined);
    if (text === undefined) continue;
    const config = parseConfig(text, file);
    merged.files.push(file);
    const current = config["current-context"];
    if (typeof current === "string" && current !== "") merged.currentContext ??= current;
    addEntries(merged.contexts, config.contexts, "context", file);
    addEntries(merged.clusters, config.clusters, "cluster", file);
    addEntries(merged.users, config.users, "user", file);
  }
  return merged;
}

async function textOf(path: string, needed: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (missing && !needed) return undefined;
    const why = missing ? "there is no such file" : messageOf(error);
    throw new KtsError("KTS_CLUSTER_UNREACHABLE", `Cannot read the kubeconfig ${path}: ${why}.`, {
      cause: error,
      hint: "Name the file that kubectl uses with --kubeconfig or in KUBECONFIG.",
    });
  }
}

function parseConfig(text: string, file: string): Section {
  try {
    const config: unknown = parse(text);
    if (isPlainObject(config)) return config;
    // An empty file is what kubectl leaves when the last context is deleted.
    if (config === null) return {};
  } catch (error) {
    // The parser's message would quote the lines around the mistake, and they may hold a token.
    const at = (error as { linePos?: readonly { line: number }[] }).linePos?.[0]?.line;
    throw notConfig(file, at === undefined ? "it is not YAML" : `line ${at} is not YAML`);
  }
  throw notConfig(file, "it holds no clusters, contexts and users");
}

function notConfig(file: string, why: string): KtsError {
  return new KtsError("KTS_CLUSTER_UNREACHABLE", `${file} is no kubeconfig: ${why}.`, {
    hint: "Correct the file; kubectl config view shows how kubectl reads it.",
  });
}

function addEntries(to: Map<string, Section>, entries: unknown, member: string, file: string): void {
  if (!Array.isArray(entries)) return;
  for (const entry of entries as unknown[]) {
    if (!isPlainObject(entry) || typeof entry.name !== "string" || to.has(entry.name)) continue;
    const content = entry[member];
    to.set(entry.name, isPlainObject(content) ? absolute(content, file) : {});
  }
}

function absolute(content: Section, file: string): Section {
  const folder = dirname(resolve(file));
  const found = PATHS.flatMap((key) => {
    const path = content[key];
    return typeof path === "string" && path !== "" ? [[key, resolve(folder, path)] as const] : [];
  });
  const exec = content.exec;
  const command = isPlainObject(exec) ? exec.command : undefined;
  // A bare name is looked up in PATH; one with a slash is meant from the file's folder.
  const isPath = typeof command === "string" && /[\\/]/.test(command);
  const moved = isPath ? { exec: { ...(exec as Section), command: resolve(folder, command) } } : {};
  return { ...content, ...Object.fromEntries(found), ...moved };
}
