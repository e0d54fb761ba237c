import type { KubeObject } from "../cluster/cluster.ts";
import type { Members } from "../manifests/manifest.ts";
import { listOf, membersOf, textOf } from "../members.ts";
import { argumentOf } from "./choose-pod.ts";

/** Variables that name the model: of our server, of what KServe's runtimes read. */
const NAME_VARIABLES = ["KSERVE_TS_MODEL_NAME", "MODEL_NAME"];

/**
 * The name a service's model is asked by: what its server is told by `--model_name` or a variable, else the service's
 * own, which KServe's runtimes are started with. Undefined where the model's files say it, as with Triton.
 */
export function modelNameOf(isvc: KubeObject): string | undefined {
  const predictor = membersOf(membersOf(isvc["spec"])["predictor"]);
  const model = predictor["model"];
  const container = model === undefined ? (listOf(predictor["containers"])[0] ?? {}) : membersOf(model);
  const told = argumentOf(container, /^--model[-_]name$/) ?? variableOf(container);
  if (told !== undefined) return told;
  return model !== undefined && namesItself(isvc, membersOf(model)) ? undefined : isvc.metadata.name;
}

function variableOf({ env }: Members): string | undefined {
  const variables = new Map(listOf(env).map(({ name, value }) => [String(name), textOf(value)]));
  return NAME_VARIABLES.map((name) => variables.get(name)).find((value) => value !== undefined);
}

/** Whether the runtime serves each folder of the model by that folder's name. */
function namesItself(isvc: KubeObject, model: Members): boolean {
  const status = membersOf(isvc["status"]);
  const runtime =
    textOf(status["clusterServingRuntimeName"]) ??
    textOf(status["servingRuntimeName"]) ??
    textOf(model["runtime"]);
  return runtime === undefined
    ? membersOf(model["modelFormat"])["name"] === "triton"
    : /triton/i.test(runtime);
}
