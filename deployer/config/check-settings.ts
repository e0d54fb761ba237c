import type { ComponentConfig } from "../../contract/deploy-config.ts";
import { describeValue } from "../../contract/describe.ts";
import { KtsError } from "../../contract/errors.ts";
import { hasFeature, sinceVersion, versionText } from "../kserve-version.ts";
import { tooLongName } from "./derived-names.ts";
import { metadataProblems } from "./check-metadata.ts";
import { predictorProblems } from "./check-predictor.ts";
import { scalingProblems } from "./check-scaling.ts";
import { serviceNameProblem } from "./names.ts";
import type { CheckFacts, Problem } from "./problem.ts";
import type { DeploySettings } from "./settings.ts";

/**
 * Checks settings against each other and against what is known of the cluster: what KServe's webhook would refuse, and
 * what it would take and never bring up.
 * @throws KtsError KTS_CONFIG_INVALID with a line for everything that is wrong: path, what was expected, what came
 */
export function checkSettings(settings: DeploySettings, facts: CheckFacts): void {
  const lines = settingsProblems(settings, facts).map(
    ({ path, expected, got }) => `deploy.${path}: expected ${expected}, got ${describeValue(got)}`,
  );
  if (lines.length > 0) throw new KtsError("KTS_CONFIG_INVALID", lines.join("\n"));
}

function settingsProblems(settings: DeploySettings, facts: CheckFacts): readonly Problem[] {
  return [
    ...nameProblems(settings, facts),
    ...predictorProblems(settings, facts),
    ...scalingProblems(settings, "", facts, settings.autoscalerClass),
    ...canaryProblems(settings, facts),
    ...componentProblems("transformer", settings, facts),
    ...componentProblems("explainer", settings, facts),
    ...loggerProblems("", settings, facts),
    ...metadataProblems(settings),
    ...accessProblems(settings, facts),
  ];
}

function nameProblems(settings: DeploySettings, facts: CheckFacts): readonly Problem[] {
  // A folder's name was not checked yet.
  const wrong = serviceNameProblem(settings.name);
  if (wrong !== undefined) return [{ path: "name", expected: wrong, got: settings.name }];
  const long = tooLongName({
    ...facts,
    name: settings.name,
    components: (["transformer", "explainer"] as const).filter((part) => settings[part] !== undefined),
    ...(settings.canary !== undefined && { canary: settings.canary.name ?? "canary" }),
  });
  if (long === undefined) return [];
  const less = long.name.length - long.most;
  const expected = `a name shorter by ${less}: ${long.what}, ${long.name}, may have ${long.most} characters`;
  return [{ path: "name", expected, got: settings.name }];
}

function canaryProblems(settings: DeploySettings, { mode, version }: CheckFacts): readonly Problem[] {
  const { canary } = settings;
  if (canary === undefined || mode !== "Standard") return [];
  if (version !== undefined && !hasFeature(version, "standardCanary")) {
    const expected =
      `no canary: KServe ${versionText(version)} splits no traffic in Standard mode ` +
      `(Knative does, and Standard since ${sinceVersion("standardCanary")})`;
    return [{ path: "canary", expected, got: canary }];
  }
  return [];
}

function componentProblems(
  name: "transformer" | "explainer",
  settings: DeploySettings,
  facts: CheckFacts,
): readonly Problem[] {
  const component: ComponentConfig | undefined = settings[name];
  if (component === undefined) return [];
  return [
    ...scalingProblems(component, `${name}.`, facts, settings.autoscalerClass),
    ...loggerProblems(`${name}.`, component, facts),
  ];
}

function loggerProblems(
  at: string,
  { logger }: Pick<DeploySettings, "logger">,
  { version }: CheckFacts,
): readonly Problem[] {
  if (logger?.metadataHeaders === undefined || version === undefined) return [];
  if (hasFeature(version, "loggerMetadata")) return [];
  const expected = `none before KServe ${sinceVersion("loggerMetadata")}`;
  return [{ path: `${at}logger.metadataHeaders`, expected, got: logger.metadataHeaders }];
}

/** A ServiceAccount that is there is left as it is; what would have to be written into it is refused. */
function accessProblems(settings: DeploySettings, { version }: CheckFacts): readonly Problem[] {
  const { serviceAccountName, secret, identity } = settings;
  if (serviceAccountName === undefined) return [];
  const problems: Problem[] = [];
  if (identity !== undefined) {
    const expected = "none beside serviceAccountName: annotate that ServiceAccount, or leave its name out";
    problems.push({ path: "identity", expected, got: identity });
  }
  if (secret !== undefined && version !== undefined && !hasFeature(version, "storageSecretAnnotation")) {
    const expected = `none beside serviceAccountName before KServe ${sinceVersion("storageSecretAnnotation")}: add it to the ServiceAccount's secrets`;
    problems.push({ path: "secret", expected, got: undefined });
  }
  return problems;
}
