import type { Resource } from "../cluster/resources.ts";

/** Something to be allowed. */
export interface Allowed {
  readonly resource: Resource;
  readonly subresource?: string;
  readonly verbs: readonly string[];
}

/** The YAML of the Role, and of the ClusterRole where one is needed, that allow it. */
export function roleLines(allowed: readonly Allowed[], namespace: string): readonly string[] {
  const inside = allowed.filter(({ resource }) => resource.namespaced);
  const outside = allowed.filter(({ resource }) => !resource.namespaced);
  const role = inside.length === 0 ? [] : manifestLines("Role", inside, [`  namespace: ${namespace}`]);
  const clusterRole = outside.length === 0 ? [] : manifestLines("ClusterRole", outside, []);
  const between = role.length > 0 && clusterRole.length > 0 ? ["---"] : [];
  return [...role, ...between, ...clusterRole];
}

function manifestLines(
  kind: string,
  allowed: readonly Allowed[],
  metadata: readonly string[],
): readonly string[] {
  const head = [
    "apiVersion: rbac.authorization.k8s.io/v1",
    `kind: ${kind}`,
    "metadata:",
    "  name: kserve-ts",
  ];
  return [...head, ...metadata, "rules:", ...rulesOf(allowed).flatMap(ruleLines)];
}

interface Rule {
  readonly group: string;
  readonly name: string;
  readonly verbs: string[];
}

/** A rule for each resource, with all its verbs. */
function rulesOf(allowed: readonly Allowed[]): readonly Rule[] {
  const rules = new Map<string, Rule>();
  for (const { resource, subresource, verbs } of allowed) {
    const name = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
    const key = `${resource.group}/${name}`;
    const rule = rules.get(key) ?? { group: resource.group, name, verbs: [] };
    rule.verbs.push(...verbs.filter((verb) => !rule.verbs.includes(verb)));
    rules.set(key, rule);
  }
  return [...rules.values()];
}

function ruleLines({ group, name, verbs }: Rule): readonly string[] {
  return [
    `  - apiGroups: ["${group}"]`,
    `    resources: ["${name}"]`,
    `    verbs: [${verbs.map((verb) => `"${verb}"`).join(", ")}]`,
  ];
}
