import type { DeployConfig } from "../../contract/deploy-config.ts";
import { KtsError, messageOf } from "../../contract/errors.ts";
import { isUri } from "../../deployer/config/storage-uri.ts";
import type { DeployOverrides } from "../../deployer/config/layers.ts";
import { pairsOf } from "../build/plan-options.ts";
import type { DeployWords } from "./deploy-flags.ts";
import { settingsOf } from "./set-flag.ts";

/** As the config file spells them. */
const MODES = { standard: "Standard", knative: "Knative" } as const;

/** What the command line says of a deployment and its place, checked and with absolute paths. */
export interface WordLayers {
  readonly deploy: DeployConfig;
  readonly place: NonNullable<DeployOverrides["place"]>;
}

/**
 * The options as settings. `--set` outranks the flags beside it.
 * @throws KtsError KTS_CONFIG_INVALID naming the flag, KTS_USAGE for what is no pair
 */
export async function wordLayers(words: DeployWords): Promise<WordLayers> {
  const deploy = members(words);
  const store = words.store;
  const mode = words.mode === undefined ? undefined : MODES[words.mode];
  const place: WordLayers["place"] = {
    ...(store !== undefined && { store }),
    ...(mode !== undefined && { deploymentMode: mode }),
  };
  if (Object.keys(deploy).length === 0 && words.set.length === 0 && store === undefined) {
    return { deploy, place };
  }
  const [{ parseDeploy, parseDeployFile }, { absolutePaths }, { overlay }] = await Promise.all([
    import("../../deployer/config/parse.ts"),
    import("../../deployer/config/paths.ts"),
    import("../../deployer/config/settings.ts"),
  ]);
  if (store !== undefined) checkStore(store, (value) => parseDeployFile({ targets: { x: value } }, ""));
  const flags = parseDeploy(deploy, "the command line");
  const set = settingsOf(words.set, parseDeploy);
  return { deploy: absolutePaths(overlay(flags, set), process.cwd()), place };
}

/** The file's check, under the flag's name. */
function checkStore(store: string, parse: (target: unknown) => unknown): void {
  try {
    parse({ store });
  } catch (error) {
    throw new KtsError("KTS_CONFIG_INVALID", `--store${messageOf(error).replace(": targets.x.store", "")}`, {
      cause: error,
      hint: "Correct it as the message says.",
    });
  }
}

function members(words: DeployWords): DeployConfig {
  const { name, predictor, image, model, runtime, secret, protocol, canary, env, cpu, memory } = words;
  const { replicas, minReplicas, maxReplicas, gpu } = words;
  const amounts = { ...(cpu !== undefined && { cpu }), ...(memory !== undefined && { memory }) };
  const hasModel = model !== undefined || runtime !== undefined;
  // A path of the shell's is one of this folder, be its first part's name a scheme's.
  const uri = model === undefined || isUri(model) ? model : relativePath(model);
  return {
    ...(name !== undefined && { name }),
    ...(predictor !== undefined && { predictor }),
    ...(image !== undefined && { image }),
    ...(hasModel && {
      model: { ...(uri !== undefined && { uri }), ...(runtime !== undefined && { runtime }) },
    }),
    ...(secret !== undefined && { secret }),
    ...(protocol !== undefined && { protocolVersion: protocol }),
    ...(canary !== undefined && { canary: { trafficPercent: canary } }),
    ...(replicas !== undefined && { replicas }),
    ...(minReplicas !== undefined && { minReplicas }),
    ...(maxReplicas !== undefined && { maxReplicas }),
    ...(gpu !== undefined && { gpu }),
    ...(Object.keys(amounts).length > 0 && { resources: { requests: amounts, limits: amounts } }),
    ...(env.length > 0 && { env: pairsOf(env, "--env") }),
  };
}

function relativePath(path: string): string {
  return /^\.{0,2}\//.test(path) ? path : `./${path}`;
}
