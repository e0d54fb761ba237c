import { isAbsolute, resolve } from "node:path";
import type { DeployConfig, SecretConfig, TargetConfig } from "../../contract/deploy-config.ts";
import type { DeployFile } from "./parse.ts";
import { isUri } from "./storage-uri.ts";

/** A config file's sections with the paths in it absolute: they are relative to the file. */
export function absoluteFile(file: DeployFile, folder: string): DeployFile {
  const { deploy, targets } = file;
  const entries = Object.entries(targets).map(([name, target]) => [name, absoluteTarget(target, folder)]);
  const absolute = Object.fromEntries(entries) as typeof targets;
  return { ...file, deploy: absolutePaths(deploy, folder), targets: absolute };
}

function absoluteTarget(target: TargetConfig, folder: string): TargetConfig {
  const { deploy, secret } = target;
  return {
    ...target,
    ...(secret !== undefined && { secret: secretPaths(secret, folder) }),
    ...(deploy !== undefined && { deploy: absolutePaths(deploy, folder) }),
  };
}

/** Settings with the paths in them absolute. A URI, and the name of a handler, stay as they are. */
export function absolutePaths(deploy: DeployConfig, folder: string): DeployConfig {
  const { model, torchServe, secret, predictFunction } = deploy;
  const path = (text: string): string => (isAbsolute(text) ? text : resolve(folder, text));
  const place = (text: string): string => (isUri(text) ? text : path(text));
  const uri = typeof model === "object" ? model.uri : model;
  const placed = uri === undefined ? undefined : place(uri);
  return {
    ...deploy,
    ...(placed !== undefined && { model: typeof model === "object" ? { ...model, uri: placed } : placed }),
    ...(predictFunction !== undefined && { predictFunction: path(predictFunction) }),
    ...(secret !== undefined && { secret: secretPaths(secret, folder) }),
    ...(torchServe !== undefined && {
      torchServe: {
        ...torchServe,
        ...mapped(torchServe, ["modelClass", "requirementsFile", "configFile"], path),
        ...(torchServe.handler?.endsWith(".py") === true && { handler: path(torchServe.handler) }),
        ...(torchServe.extraFiles !== undefined && { extraFiles: torchServe.extraFiles.map(path) }),
      },
    }),
  };
}

/** `@path` values with the path absolute. */
function secretPaths(secret: SecretConfig, folder: string): SecretConfig {
  if (typeof secret === "string") return secret;
  const entries = Object.entries(secret).map(([key, value]) => {
    const isPath = typeof value === "string" && value.startsWith("@");
    return [key, isPath ? `@${resolve(folder, value.slice(1))}` : value] as const;
  });
  return Object.fromEntries(entries);
}

function mapped<T extends object, K extends keyof T>(
  from: T,
  keys: readonly K[],
  map: (text: string) => string,
): Partial<Record<K, string>> {
  const result: Partial<Record<K, string>> = {};
  for (const key of keys) {
    const value = from[key];
    if (typeof value === "string") result[key] = map(value);
  }
  return result;
}
