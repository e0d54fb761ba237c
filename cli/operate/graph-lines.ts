import type { GraphDescription, GraphStep } from "../../deployer/rollout/graphs.ts";
import { printable } from "../terminal/printable.ts";
import { present, rowLines } from "../terminal/row-lines.ts";
import {
  type Paint,
  type Row,
  type Section,
  conditionRows,
  madeText,
  sectionLines,
} from "./described-parts.ts";

/** An InferenceGraph as it stands, for people: what it waits for comes first. */
export function graphLines(graph: GraphDescription, paint: Paint, nowMs: number): readonly string[] {
  const { name, namespace, waitsFor, url, nodes, conditions } = graph;
  const sections: readonly Section[] = [
    [
      "Nodes",
      nodes.flatMap(({ name: node, router, steps }) =>
        steps.map((step, at) => stepRow(at === 0 ? node : "", at === 0 ? router : "", step)),
      ),
    ],
    ["Conditions", conditionRows(conditions)],
  ];
  const facts = [["URL", url] as const, ["made", madeText(graph, nowMs)] as const];
  return [
    `${paint("bold", `graph ${name} in ${namespace}`)} ${stateText(graph, paint)}`,
    ...(waitsFor === undefined ? [] : [`  ${paint("red", "waits for:")} ${printable(waitsFor)}`]),
    "",
    ...rowLines(present(facts)),
    ...sectionLines(sections, paint),
  ];
}

function stateText({ state }: GraphDescription, paint: Paint): string {
  if (state === "ready") return paint("green", "is ready");
  if (state === "deleting") return "is being deleted";
  return paint("red", state === "not ready" ? "is not ready" : "may not be ready: KServe does not say");
}

function stepRow(node: string, router: string, { name, to, weight, condition }: GraphStep): Row {
  const target = "service" in to ? to.service : "node" in to ? `node ${to.node}` : to.url;
  const share = weight === undefined ? "" : `${weight} %`;
  return [node, router, name ?? "", target, share, condition ?? ""];
}
