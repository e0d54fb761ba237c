import { z } from "zod";
import type { GraphConfig } from "../../contract/deploy-config.ts";
import { MOST_LABEL, serviceNameProblem } from "./names.ts";
import * as part from "./schema-parts.ts";
import type { SaysTheSame } from "./says-the-same.ts";

/** The ways in which a node goes on. */
export const ROUTERS = ["sequence", "splitter", "ensemble", "switch"] as const;

export type Router = (typeof ROUTERS)[number];

/** What a step may go to. */
const TARGETS = ["service", "node", "url"] as const;

/** KServe's label `app` of the router's pods has this in front of the name. */
const LABEL_PREFIX = "isvc.";

const serviceName = part.checkedText(serviceNameProblem);

const step = z.union(
  [
    serviceName,
    z.strictObject({
      service: serviceName.optional().describe("An InferenceService of the namespace."),
      node: part.text.optional().describe("Another node of the graph."),
      url: part.httpUrl.optional().describe("A URL in full."),
      name: part.text.optional(),
      data: z.enum(["request", "response"]).optional().describe("In a sequence. Default response."),
      predictionsToInstances: z.boolean().optional().describe("In a sequence. Default false."),
      weight: part.integer(0, 100).optional().describe("In a splitter: percent of the requests."),
      condition: part.text.optional().describe("In a switch or a sequence: a path of GJSON."),
      dependency: z.enum(["soft", "hard"]).optional().describe("Default soft."),
    }),
  ],
  { error: "the name of an InferenceService, or { service, node or url, ... }" },
);

const steps = z.array(step);

const node = z.strictObject({
  sequence: steps.optional().describe("One step after the other."),
  splitter: steps.optional().describe("One of the steps, by chance as their weights say."),
  ensemble: steps.optional().describe("All steps at once."),
  switch: steps.optional().describe("The first step whose condition the request meets."),
});

/** One graph of the `graphs` section. */
const graphSchema = z
  .strictObject({
    nodes: z.record(z.string(), node).describe("The nodes by name; requests begin at root."),
    resources: part.resources.optional().describe("Of the router."),
    minReplicas: part.integer(0, 10_000).optional().describe("Fewest routers. Default 1."),
    maxReplicas: part.integer(1, 10_000).optional().describe("Most routers."),
    timeoutSeconds: part.integer(1, 86_400).optional().describe("Seconds a request may take."),
  })
  .superRefine((graph, context) => {
    for (const { path, expected } of graphProblems(graph)) {
      context.addIssue({ code: "custom", message: expected, path: [...path] });
    }
  });

/** The `graphs` section of a config file. */
export const graphsSchema = z.record(z.string(), graphSchema).superRefine((graphs, context) => {
  for (const name of Object.keys(graphs)) {
    const most = MOST_LABEL - LABEL_PREFIX.length;
    const long = `a name of at most ${most} characters, since the label app of its pods is ${LABEL_PREFIX}<name>`;
    const expected = serviceNameProblem(name) ?? (name.length > most ? long : undefined);
    if (expected !== undefined) context.addIssue({ code: "custom", message: expected, path: [name] });
  }
});

type Graph = z.output<typeof graphSchema>;
type Step = Exclude<z.output<typeof step>, string>;

/** What cannot stay as it is, by its path in the graph. */
interface GraphProblem {
  readonly path: readonly (string | number)[];
  readonly expected: string;
}

/** What KServe's webhook refuses, and what it takes and its router never gets right. */
function graphProblems({ nodes, minReplicas = 1, maxReplicas }: Graph): readonly GraphProblem[] {
  const problems: GraphProblem[] = [];
  if (maxReplicas !== undefined && maxReplicas < minReplicas) {
    problems.push({ path: ["maxReplicas"], expected: `at least minReplicas, ${minReplicas}` });
  }
  if (nodes["root"] === undefined)
    problems.push({ path: ["nodes", "root"], expected: "a node at which requests begin" });
  for (const [name, routers] of Object.entries(nodes)) {
    const path = ["nodes", name];
    const given = ROUTERS.filter((router) => routers[router] !== undefined);
    const [router, ...more] = given;
    if (router === undefined || more.length > 0) {
      problems.push({ path, expected: `one of ${ROUTERS.join(", ")}` });
      continue;
    }
    problems.push(...nodeProblems(router, (routers[router] ?? []).map(plainStep), [...path, router], nodes));
  }
  return problems.length > 0 ? problems : wayProblems(nodes);
}

/** A step in its one form. */
export function plainStep<T extends object>(step: string | T): T | { readonly service: string } {
  return typeof step === "string" ? { service: step } : step;
}

function nodeProblems(
  router: Router,
  steps: readonly Step[],
  path: readonly string[],
  nodes: Graph["nodes"],
): readonly GraphProblem[] {
  if (steps.length === 0) return [{ path, expected: "at least one step" }];
  const problems: GraphProblem[] = steps.flatMap((step, at) =>
    stepProblems(router, step, at, nodes).map(([member, expected]) => ({
      path: [...path, at, ...(member === "" ? [] : [member])],
      expected,
    })),
  );
  steps.forEach(({ name }, at) => {
    if (name !== undefined && steps.findIndex((other) => other.name === name) < at) {
      problems.push({ path: [...path, at, "name"], expected: "another name than a step before has" });
    }
  });
  const sum = steps.reduce((total, { weight = 0 }) => total + weight, 0);
  if (router === "splitter" && steps.every(({ weight }) => weight !== undefined) && sum !== 100) {
    problems.push({ path, expected: `weights of 100 together, not of ${sum}` });
  }
  return problems;
}

function stepProblems(
  router: Router,
  step: Step,
  at: number,
  nodes: Graph["nodes"],
): readonly (readonly [member: keyof Step | "", expected: string])[] {
  const problems: [keyof Step | "", string][] = [];
  if (TARGETS.filter((target) => step[target] !== undefined).length !== 1) {
    problems.push(["", "one of service, node and url"]);
  }
  if (step.node !== undefined && nodes[step.node] === undefined) {
    problems.push(["node", `a node of the graph, one of ${Object.keys(nodes).join(", ")}`]);
  }
  if (router === "splitter" && step.weight === undefined) {
    problems.push(["weight", "percent of the requests, which every step of a splitter has"]);
  }
  if (router === "switch" && step.condition === undefined) {
    problems.push(["condition", "a condition, without which a switch never takes the step"]);
  }
  if (router === "sequence" && at === 0 && step.data === "response") {
    problems.push(["data", '"request", since no step answers before the first']);
  }
  if (router === "sequence" && at === 0 && step.condition !== undefined) {
    problems.push(["condition", "none at the first step, since no step answers before it"]);
  }
  const elsewhere: readonly (readonly [keyof Step, readonly Router[]])[] = [
    ["weight", ["splitter"]],
    ["condition", ["switch", "sequence"]],
    ["data", ["sequence"]],
    ["predictionsToInstances", ["sequence"]],
    ["dependency", ["sequence", "ensemble"]],
  ];
  for (const [member, routers] of elsewhere) {
    if (step[member] === undefined || routers.includes(router)) continue;
    problems.push([
      member,
      `none here: it is for ${routers.map((name) => (name === "ensemble" ? "an ensemble" : `a ${name}`)).join(" or ")}`,
    ]);
  }
  return problems;
}

/** A node that leads back to itself never answers; one that nothing leads to is a slip. */
function wayProblems(nodes: Graph["nodes"]): readonly GraphProblem[] {
  const reached = new Set<string>();
  const problems: GraphProblem[] = [];
  const visit = (name: string, above: readonly string[]): void => {
    if (reached.has(name)) return;
    const way = [...above, name];
    for (const router of ROUTERS) {
      (nodes[name]?.[router] ?? []).map(plainStep).forEach(({ node }: Step, at) => {
        if (node === undefined) return;
        if (way.includes(node)) {
          const circle = [...way.slice(way.indexOf(node)), node].join(" > ");
          problems.push({ path: ["nodes", name, router, at, "node"], expected: `no circle (${circle})` });
        } else visit(node, way);
      });
    }
    reached.add(name);
  };
  visit("root", []);
  for (const name of Object.keys(nodes)) {
    if (!reached.has(name)) problems.push({ path: ["nodes", name], expected: "a step that leads to it" });
  }
  return problems;
}

// The schema and the type of the contract say the same: a difference does not compile.
true satisfies SaysTheSame<typeof graphSchema, GraphConfig>;
