import type { DeploymentMode } from "../../contract/deploy-config.ts";
import { type KserveVersion, hasFeature } from "../kserve-version.ts";
import { MOST_LABEL } from "./names.ts";

/** What the names of a deployment's objects depend on. */
export interface NamesInput {
  readonly name: string;
  /** Undefined where the cluster decides it, and is not asked yet. */
  readonly mode?: DeploymentMode;
  readonly version?: KserveVersion;
  readonly namespace?: string;
  readonly domain?: string;
  /** Components beside the predictor. */
  readonly components: readonly ("transformer" | "explainer")[];
  /** Name of a canary's predictor on Standard. */
  readonly canary?: string;
}

/** A name that the cluster makes of ours, and what for. */
export interface DerivedName {
  readonly name: string;
  readonly what: string;
  readonly most: number;
}

/** Longest host name. */
const MOST_HOST = 253;

/**
 * The name that is too long by most, of those that KServe makes: labels of hosts, names of Services, values of labels.
 * KServe's webhook checks none of them: the Deployment, the Ingress or the Service fails afterwards.
 */
export function tooLongName(input: NamesInput): DerivedName | undefined {
  const over = derivedNames(input).filter(({ name, most }) => name.length > most);
  return over.sort((a, b) => b.name.length - b.most - (a.name.length - a.most))[0];
}

function derivedNames({
  name,
  mode,
  version,
  namespace,
  domain,
  components,
  canary,
}: NamesInput): DerivedName[] {
  const services = ["predictor", ...components].map(
    (component) => `${name}-${component}${oldSuffix(version)}`,
  );
  if (canary !== undefined && mode !== "Knative") services.push(`${name}-${canary}-predictor`);
  const label = (what: string, text: string): DerivedName => ({ name: text, what, most: MOST_LABEL });
  const names = services.map((service) => label("the Service", service));
  if (mode === "Knative") {
    names.push(...services.map((service) => label("the host of the earlier revision", `prev-${service}`)));
  } else {
    names.push(...services.map((service) => label("the label app of the pods", `isvc.${service}`)));
    if (namespace !== undefined) {
      names.push(...[name, ...services].map((service) => label("the host", `${service}-${namespace}`)));
    }
  }
  const longest = services.toSorted((a, b) => b.length - a.length)[0] as string;
  if (namespace !== undefined && domain !== undefined) {
    const joined = mode === "Knative" ? "." : "-";
    names.push({ name: `${longest}${joined}${namespace}.${domain}`, what: "the host", most: MOST_HOST });
  }
  return names;
}

/** Before v0.11 every component's Service ended in `-default`; until v0.16 those that were there kept it. */
function oldSuffix(version: KserveVersion | undefined): string {
  return version !== undefined && !hasFeature(version, "plainServiceNames") ? "-default" : "";
}
