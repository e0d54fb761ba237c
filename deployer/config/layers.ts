import type { DeployConfig, TargetConfig } from "../../contract/deploy-config.ts";
import { KtsError } from "../../contract/errors.ts";
import { nearest } from "../../contract/nearest.ts";
import { checkSettings } from "./check-settings.ts";
import type { DeployFile } from "./parse.ts";
import { type Deployment, overlay, resolveSettings, secretOf } from "./settings.ts";

/** Settings from outside of the file: the environment's or the command line's. */
export interface DeployOverrides {
  /** Name of the target. */
  readonly target?: string;
  /** What is different about the place. */
  readonly place?: Omit<TargetConfig, "deploy">;
  /** What is different about the deployment. */
  readonly deploy?: DeployConfig;
}

/** Where a setting's value may come from, each layer outranked by the next: default, file, environment, flag. */
export interface DeployLayers {
  readonly file?: DeployFile;
  readonly environment?: DeployOverrides;
  readonly flags?: DeployOverrides;
  /** Name of the folder: the deployment's, where nothing names it. */
  readonly folderName: string;
}

/**
 * Lays the layers over each other and checks the whole. Within the file a target's `deploy` outranks the common one.
 * @throws KtsError KTS_CONFIG_INVALID when there is no such target, or the settings contradict each other
 */
export function layerDeployment(layers: DeployLayers): Deployment {
  const deployment = layDeployment(layers);
  checkDeployment(deployment);
  return deployment;
}

/**
 * Lays the layers over each other as `layerDeployment` does, for who asks of what is deployed already: whether the
 * settings could be deployed is not checked.
 * @throws KtsError KTS_CONFIG_INVALID when there is no such target
 */
export function layDeployment({ file, environment = {}, flags = {}, folderName }: DeployLayers): Deployment {
  const targets = file?.targets ?? {};
  const target = chosenTarget(targets, flags.target ?? environment.target);
  const { deploy: ofTarget = {}, ...place } = target === undefined ? {} : (targets[target] as TargetConfig);
  const layers = [file?.deploy ?? {}, ofTarget, environment.deploy ?? {}, flags.deploy ?? {}];
  const where = { ...place, ...environment.place, ...flags.place };
  const secret = secretOf(layers.reduce(overlay, {}), where);
  const settings = resolveSettings([...layers, secret === undefined ? {} : { secret }], folderName);
  const { secret: _, ...withoutSecret } = where;
  return {
    settings,
    target: { ...withoutSecret, ...(target !== undefined && { target }) },
    ...(file?.graphs !== undefined && { graphs: file.graphs }),
  };
}

/** Checks settings against each other, as far as is known before a cluster is asked. @throws as `layerDeployment` */
export function checkDeployment({ settings, target }: Deployment): void {
  const { deploymentMode, namespace, domain } = target;
  checkSettings(settings, {
    ...(deploymentMode !== undefined && { mode: deploymentMode }),
    ...(namespace !== undefined && { namespace }),
    ...(domain !== undefined && { domain }),
  });
}

/** The target that is meant: the one named, or the only one there is. */
function chosenTarget(targets: DeployFile["targets"], named: string | undefined): string | undefined {
  const names = Object.keys(targets);
  if (named === undefined) {
    if (names.length <= 1) return names[0];
    throw new KtsError("KTS_CONFIG_INVALID", `target: expected one of ${names.join(", ")}, got none`, {
      hint: `Name one: --target ${names[0]}.`,
    });
  }
  if (Object.hasOwn(targets, named)) return named;
  const near = nearest(named, names).join(" or ");
  const advice =
    near !== "" ? `; did you mean ${near}?` : names.length > 0 ? `; there are ${names.join(", ")}` : "";
  throw new KtsError("KTS_CONFIG_INVALID", `target: there is no target "${named}"${advice}`, {
    hint: "Targets are what the config file's `targets` names.",
  });
}
