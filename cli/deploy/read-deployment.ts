import { basename } from "node:path";
import type { DeployConfig } from "../../contract/deploy-config.ts";
import type { DeployOverrides } from "../../deployer/config/layers.ts";
import type { Deployment } from "../../deployer/config/settings.ts";
import type { Environment } from "../verb.ts";
import { type ProjectFile, readDeployFile } from "./read-deploy-file.ts";
import type { TargetWords } from "./target-options.ts";

/** Where a deployment's settings come from. */
export interface DeploymentCall {
  readonly options: TargetWords;
  readonly env: Environment;
  /** The project's folder, where `--config` names no other. Default: the current one. */
  readonly folder?: string;
  /** Name of the InferenceService that is meant, where the command line names one; empty is none. */
  readonly name?: string;
  /** What the command line says of the deployment, its paths absolute. */
  readonly deploy?: DeployConfig;
  /** What it says of the place beside the options. */
  readonly place?: DeployOverrides["place"];
}

/** A deployment as file, environment and command line have it together. */
export interface ReadDeployment extends ProjectFile {
  readonly deployment: Deployment;
  /** False where there are graphs alone: nothing says anything of an InferenceService. */
  readonly hasService: boolean;
}

/**
 * Reads a deployment's settings, each layer over the one before: the config file, the environment, the command line.
 * Whether they can be deployed is not checked.
 * @throws KtsError KTS_CONFIG_INVALID, KTS_USAGE
 */
export async function readDeployment(call: DeploymentCall): Promise<ReadDeployment> {
  const { options, env, folder = ".", name, deploy = {}, place = {} } = call;
  const project = await readDeployFile(options.config ?? folder);
  const { layDeployment } = await import("../../deployer/config/layers.ts");
  const { context, namespace, target } = options;
  const flags: DeployOverrides = {
    deploy: { ...deploy, ...(name !== undefined && name !== "" && { name }) },
    place: {
      ...place,
      ...(context !== undefined && { context }),
      ...(namespace !== undefined && { namespace }),
    },
    ...(target !== undefined && { target }),
  };
  const environment = await environmentOf(env);
  const { file } = project;
  const deployment = layDeployment({
    ...(file !== undefined && { file }),
    environment,
    flags,
    folderName: basename(project.folder),
  });
  const says = [
    file?.deploy,
    environment.deploy,
    flags.deploy,
    file?.targets[deployment.target.target ?? ""]?.deploy,
  ];
  const hasService =
    deployment.graphs === undefined || says.some((layer) => Object.keys(layer ?? {}).length > 0);
  return { ...project, deployment, hasService };
}

async function environmentOf(env: Environment): Promise<DeployOverrides> {
  // Its checks load the schema's library.
  if (!Object.keys(env).some((variable) => variable.startsWith("KSERVE_TS_DEPLOY_"))) return {};
  const [{ deployEnvironment }, { absolutePaths }] = await Promise.all([
    import("../../deployer/config/environment.ts"),
    import("../../deployer/config/paths.ts"),
  ]);
  const { deploy = {}, ...environment } = deployEnvironment(env);
  return { ...environment, deploy: absolutePaths(deploy, process.cwd()) };
}
