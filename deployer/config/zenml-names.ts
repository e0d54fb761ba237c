/*
 * The names that ZenML's KServe deployer gave its settings, so that a configuration moves over as it is. Each means
 * here what it meant there.
 */

import { KtsError } from "../../contract/errors.ts";
import type { Members } from "../manifests/manifest.ts";
import { isMembers } from "../members.ts";

/** A path of ours, or the names within a section of theirs, or nothing: a name that asks for nothing here. */
type Names = { readonly [name: string]: readonly string[] | Names | undefined };

const TORCH_SERVE: Names = {
  model_class: ["torchServe", "modelClass"],
  handler: ["torchServe", "handler"],
  extra_files: ["torchServe", "extraFiles"],
  requirements_file: ["torchServe", "requirementsFile"],
  model_version: ["torchServe", "modelVersion"],
  torch_config: ["torchServe", "configFile"],
};

const CUSTOM: Names = { predict_function: ["predictFunction"] };

/** `KServeDeploymentConfig`. What it has by our very name (`predictor`, `replicas`, `resources`) passes as it is. */
const SERVICE: Names = {
  model_name: ["name"],
  model_uri: ["model"],
  secret_name: ["secret"],
  k8s_secret: ["secret"],
  k8s_service_account: ["serviceAccountName"],
  pipeline_name: ["labels", "zenml.pipeline_name"],
  pipeline_step_name: ["labels", "zenml.pipeline_step_name"],
  pipeline_run_id: ["labels", "zenml.pipeline_run_id"],
  container: {
    // KServe calls a lone container kserve-container whatever its name is.
    name: undefined,
    image: ["image"],
    command: ["command"],
    args: ["args"],
    storage_uri: ["model"],
  },
};

const DEPLOY: Names = {
  ...SERVICE,
  ...TORCH_SERVE,
  ...CUSTOM,
  // A step's parameters.
  service_config: SERVICE,
  torch_serve_parameters: TORCH_SERVE,
  custom_deploy_parameters: CUSTOM,
};

/** `KServeModelDeployerConfig`. */
const TARGET: Names = {
  kubernetes_context: ["context"],
  kubernetes_namespace: ["namespace"],
  base_url: ["baseUrl"],
  custom_domain: ["domain"],
};

/** A section in our names, and where each renamed member stood: by our path, joined with dots. */
export interface RenamedSection {
  readonly value: unknown;
  readonly origins: ReadonlyMap<string, string>;
}

/**
 * A `deploy` section with our names in place of ZenML's.
 * @throws KtsError KTS_CONFIG_INVALID when a setting is there under two names
 */
export function renameDeploy(section: unknown, path: string): RenamedSection {
  if (!isMembers(section)) return { value: section, origins: new Map() };
  // A step's timeout is how long it waits; without a step's other parameters `timeout` could mean either of two things.
  const names = "service_config" in section ? { ...DEPLOY, timeout: ["waitTimeoutSeconds"] } : DEPLOY;
  return rename(section, names, path);
}

/** A target's section likewise. */
export function renameTarget(section: unknown, path: string): RenamedSection {
  if (!isMembers(section)) return { value: section, origins: new Map() };
  const { value, origins } = rename(section, TARGET, path);
  const members = value as Members;
  if (members["deploy"] === undefined) return { value, origins };
  const deploy = renameDeploy(members["deploy"], `${path}.deploy`);
  return { value: { ...members, deploy: deploy.value }, origins: new Map([...origins, ...deploy.origins]) };
}

function rename(section: Members, names: Names, path: string): RenamedSection {
  const value: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  const put = (to: readonly string[], from: string, member: unknown): void => {
    let at = value;
    for (const name of to.slice(0, -1)) {
      const inner = at[name];
      at[name] = isMembers(inner) ? { ...inner } : {};
      at = at[name] as Record<string, unknown>;
    }
    const last = to.at(-1) as string;
    const ours = `${path}.${to.join(".")}`;
    if (at[last] !== undefined && member !== undefined) {
      const other = origins.get(ours) ?? ours;
      throw new KtsError("KTS_CONFIG_INVALID", `${from} and ${other} are one setting; keep one of them`);
    }
    at[last] = member;
    if (from !== ours) origins.set(ours, from);
  };
  const visit = (members: Members, known: Names, at: string): void => {
    for (const [name, member] of Object.entries(members)) {
      const from = `${at}.${name}`;
      if (!Object.hasOwn(known, name)) put([name], from, member);
      else visitKnown(known[name], member, from);
    }
  };
  const visitKnown = (to: Names[string], member: unknown, from: string): void => {
    if (to === undefined) return;
    if (isPath(to)) put(to, from, member);
    else if (isMembers(member)) visit(member, to, from);
    else if (member !== undefined && member !== null) {
      throw new KtsError("KTS_CONFIG_INVALID", `${from}: expected an object`);
    }
  };
  visit(section, names, path);
  return { value, origins };
}

function isPath(to: Names[string]): to is readonly string[] {
  return Array.isArray(to);
}
