import { describe, expect, it } from "vitest";
import type { DeploymentMode, GraphConfig } from "../../../contract/deploy-config.ts";
import { parseDeployFile } from "../../../deployer/config/parse.ts";
import { parseVersion } from "../../../deployer/kserve-version.ts";
import { graphManifests } from "../../../deployer/manifests/inference-graph.ts";
import { toYaml } from "../../../deployer/manifests/print.ts";
import { type CrdVersion, graphCrdProblems } from "../crd-schema.ts";
import { problemOf } from "../problem-of.ts";

interface Place {
  readonly mode?: DeploymentMode;
  readonly version?: string;
  readonly service?: string;
  readonly namespace?: string;
}

function manifestsOf(graphs: Readonly<Record<string, GraphConfig>>, place: Place = {}) {
  const { version = "v0.20.0", ...rest } = place;
  const { graphs: checked = {} } = parseDeployFile({ graphs }, "kserve.config.ts");
  return graphManifests(checked, {
    namespace: "models",
    mode: "Standard",
    version: parseVersion(version),
    ...rest,
  });
}

const EVERYTHING: GraphConfig = {
  nodes: {
    root: {
      sequence: [
        "prepare",
        { node: "models", dependency: "hard" },
        { service: "explain", data: "request", condition: "predictions.0", predictionsToInstances: true },
      ],
    },
    models: {
      ensemble: [
        { service: "digits", name: "digits" },
        { node: "trees", name: "trees", dependency: "soft" },
      ],
    },
    trees: {
      splitter: [
        { service: "forest", weight: 80 },
        { node: "species", weight: 20 },
      ],
    },
    species: {
      switch: [
        { service: "dogs", condition: 'instances.#(kind=="dog")' },
        { url: "http://cats.other.svc.cluster.local/v1/models/cats:predict", condition: "instances" },
      ],
    },
  },
  resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: 1, memory: "256Mi" } },
  minReplicas: 2,
  maxReplicas: 4,
  timeoutSeconds: 30,
};

const CHAIN: GraphConfig = { nodes: { root: { sequence: ["prepare", "digits"] } } };

const EXAMPLES: Readonly<Record<string, readonly [graph: GraphConfig, place?: Place]>> = {
  "graph-everything-standard": [EVERYTHING],
  "graph-chain-knative": [CHAIN, { mode: "Knative" }],
  "graph-chain-standard-v0.9": [CHAIN, { version: "v0.9.0" }],
  "graph-scaled-standard-v0.13": [{ ...CHAIN, minReplicas: 2, timeoutSeconds: 30 }, { version: "v0.13.1" }],
};

describe("the InferenceGraph of a graph", () => {
  it.each(Object.entries(EXAMPLES))("is that of golden/%s.yaml", async (name, [graph, place]) => {
    await expect(toYaml(manifestsOf({ chain: graph }, place))).toMatchFileSnapshot(`../golden/${name}.yaml`);
  });

  it.each(Object.entries(EXAMPLES))("%s fits the CRD of its release", async (_, [graph, place]) => {
    const problems = await graphCrdProblems((place?.version ?? "v0.20.0").slice(1) as CrdVersion);
    expect(manifestsOf({ chain: graph }, place).map(problems)).toEqual([[]]);
  });

  it("hands each step of a sequence the answer of the one before", () => {
    const [graph] = manifestsOf({ chain: CHAIN });
    const { nodes } = graph?.["spec"] as { nodes: { root: { steps: { data?: string }[] } } };
    expect(nodes.root.steps.map(({ data }) => data)).toEqual([undefined, "$response"]);
  });

  it.each<readonly [Partial<GraphConfig>, Place, RegExp]>([
    [
      { resources: {} },
      { version: "v0.9.0" },
      /graphs\.chain\.resources: expected none before KServe v0\.10\.0/,
    ],
    [
      { minReplicas: 2 },
      { version: "v0.11.2" },
      /minReplicas: expected none before KServe v0\.13\.0, got the number 2/,
    ],
    [
      { nodes: { root: { sequence: ["a", { service: "b", predictionsToInstances: true }] } } },
      { version: "v0.15.2" },
      /sequence\[1\]\.predictionsToInstances: expected none before KServe v0\.16\.0/,
    ],
    [{ minReplicas: 0 }, {}, /minReplicas: expected at least 1 in Standard mode, got 0/],
    [{}, { service: "chain" }, /graphs\.chain: expected another name than the InferenceService's/],
    [{}, { namespace: "n".repeat(60) }, /expected a name shorter by 3: the host, chain-n+, may have 63/],
  ])("is refused for %j at %j", (members, place, message) => {
    expect(problemOf(() => manifestsOf({ chain: { ...CHAIN, ...members } }, place))).toMatch(message);
  });
});

describe("the check against the CRD of graphs", () => {
  it("refuses a field that it does not name", async () => {
    const problems = await graphCrdProblems("0.9.0");
    expect(
      manifestsOf({ chain: { ...CHAIN, minReplicas: 2 } })
        .map(problems)
        .join(),
    ).toMatch(/minReplicas/);
  });
});
