import type { DeployConfig, TargetConfig } from "../../contract/deploy-config.ts";
import { KtsError } from "../../contract/errors.ts";
import type { DeployOverrides } from "./layers.ts";
import { parseDeployFile } from "./parse.ts";

/** How the text of a variable becomes a setting. */
type Reader = "text" | "integer";

/** Settings that a variable of the environment sets; lists and objects belong into the file. */
const DEPLOY: Readonly<Partial<Record<keyof DeployConfig, Reader>>> = {
  name: "text",
  predictor: "text",
  image: "text",
  model: "text",
  protocolVersion: "text",
  replicas: "integer",
  minReplicas: "integer",
  maxReplicas: "integer",
  gpu: "integer",
  serviceAccountName: "text",
  secret: "text",
  timeoutSeconds: "integer",
  startupTimeoutSeconds: "integer",
  waitTimeoutSeconds: "integer",
};

const PLACE: readonly (keyof TargetConfig)[] = [
  "context",
  "namespace",
  "baseUrl",
  "domain",
  "store",
  "deploymentMode",
];

/** The variable of a setting: `KSERVE_TS_DEPLOY_MIN_REPLICAS`. */
export function deployVariable(setting: string): string {
  return `KSERVE_TS_DEPLOY_${setting.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * The settings that the environment makes.
 * @throws KtsError KTS_CONFIG_INVALID when a variable's value means nothing
 */
export function deployEnvironment(env: Readonly<Record<string, string | undefined>>): DeployOverrides {
  const deploy: Record<string, unknown> = {};
  for (const [setting, reader] of Object.entries(DEPLOY)) {
    const text = given(env, setting);
    if (text === undefined) continue;
    check("deploy", setting, (deploy[setting] = reader === "integer" ? integer(setting, text) : text));
  }
  const place: Record<string, string> = {};
  for (const setting of PLACE) {
    const text = given(env, setting);
    if (text !== undefined) check("targets", setting, (place[setting] = text));
  }
  const target = given(env, "target");
  return { deploy, place, ...(target !== undefined && { target }) };
}

function given(env: Readonly<Record<string, string | undefined>>, setting: string): string | undefined {
  const text = env[deployVariable(setting)];
  return text === "" ? undefined : text;
}

function integer(setting: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new KtsError(
    "KTS_CONFIG_INVALID",
    `${deployVariable(setting)}: expected a whole number, got "${text}"`,
  );
}

/** The same checks as the file's, under the variable's name. */
function check(section: "deploy" | "targets", setting: string, value: unknown): void {
  const members = { [setting]: value };
  try {
    parseDeployFile(section === "deploy" ? { deploy: members } : { targets: { x: members } }, "");
  } catch (error) {
    if (!(error instanceof KtsError)) throw error;
    const [, problem = error.message] = /^: [\w.]+: (.*)$/s.exec(error.message) ?? [];
    throw new KtsError("KTS_CONFIG_INVALID", `${deployVariable(setting)}: ${problem}`);
  }
}
