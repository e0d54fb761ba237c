import type { DeploymentMode } from "../../contract/deploy-config.ts";
import { KtsError } from "../../contract/errors.ts";
import type { Manifest, Members } from "./manifest.ts";

/** What runs under the name already. */
export interface LiveService {
  /** `status.deploymentMode`; undefined before v0.15.2, and before the first reconciling. */
  readonly deploymentMode?: string;
  readonly predictor: Members;
}

/** The names of modes before v0.16. */
const OLD_NAMES: Readonly<Record<string, DeploymentMode>> = {
  RawDeployment: "Standard",
  Serverless: "Knative",
};

/**
 * Checks that an InferenceService may become another: what KServe's webhook would refuse of an update.
 * @throws KtsError KTS_DEPLOY_INVALID with what stands against it
 */
export function checkUpdate(service: Manifest, live: LiveService): void {
  const mode = modeOf(service.metadata.annotations?.["serving.kserve.io/deploymentMode"]);
  const running = modeOf(live.deploymentMode);
  if (running !== undefined && mode !== undefined && running !== mode) {
    const message = `deploymentMode: expected ${running}, which ${service.metadata.name} runs in, got ${mode}`;
    throw new KtsError("KTS_DEPLOY_INVALID", message, {
      hint: `Deploy it under another name, or delete it first.`,
    });
  }
  const { predictor = {} } = service["spec"] as { readonly predictor?: Members };
  if (nameOf(predictor) !== nameOf(live.predictor) && modelUri(predictor) === modelUri(live.predictor)) {
    const message = `the predictor is "${nameOf(live.predictor)}" and becomes "${nameOf(predictor)}": KServe takes another name only with another model`;
    throw new KtsError("KTS_DEPLOY_INVALID", message, { hint: "Store the model under another URI." });
  }
}

function modeOf(name: string | undefined): string | undefined {
  return name === undefined || name === "" ? undefined : (OLD_NAMES[name] ?? name);
}

function nameOf({ name }: Members): string {
  return typeof name === "string" ? name : "";
}

/** Where a predictor's model is: the model's URI, or the variable of a server of ours. */
export function modelUri(predictor: Members): unknown {
  const { model, containers } = predictor as {
    readonly model?: { readonly storageUri?: string };
    readonly containers?: readonly {
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
  return model?.storageUri ?? containers?.[0]?.env?.find(({ name }) => name === "STORAGE_URI")?.value;
}
