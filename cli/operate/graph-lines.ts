import type { GraphDescription, GraphStep } from "../../deployer/rollout/graphs.ts";
import { ageText } from "../terminal/age-text.ts";
import { printable } from "../terminal/printable.ts";
import { rowLines } from "../terminal/row-lines.ts";
import type { Style } from "../terminal/terminal.ts";

/** An InferenceGraph as it stands, for people: what it waits for comes first. */
export function graphLines(
  graph: GraphDescription,
  paint: (format: Style, text: string) => string,
  nowMs: number,
): readonly string[] {
  const { name, namespace, waitsFor, url, createdAt, isOurs, nodes, conditions } = graph;
  const made = createdAt === undefined ? [] : [["made", `${ageText(createdAt, nowMs)} ago, ${by(isOurs)}`]];
  const sections: readonly (readonly [string, readonly (readonly string[])[]])[] = [
    [
      "Nodes",
      nodes.flatMap(({ name: node, router, steps }) =>
        steps.map((step, at) => stepRow(at === 0 ? node : "", at === 0 ? router : "", step)),
      ),
    ],
    [
      "Conditions",
      conditions.map(({ type, status, reason, message }) => [type, status, reason ?? "", message ?? ""]),
    ],
  ];
  return [
    `${paint("bold", `graph ${name} in ${namespace}`)} ${stateText(graph, paint)}`,
    ...(waitsFor === undefined ? [] : [`  ${paint("red", "waits for:")} ${printable(waitsFor)}`]),
    "",
    ...rowLines([...(url === undefined ? [] : [["URL", url]]), ...made]),
    ...sections.flatMap(([title, rows]) =>
      rows.length === 0 ? [] : ["", paint("bold", title), ...rowLines(rows)],
    ),
  ];
}

function by(isOurs: boolean): string {
  return isOurs ? "by kserve-ts" : "not by kserve-ts";
}

function stateText({ state }: GraphDescription, paint: (format: Style, text: string) => string): string {
  if (state === "ready") return paint("green", "is ready");
  if (state === "deleting") return "is being deleted";
  return paint("red", state === "not ready" ? "is not ready" : "may not be ready: KServe does not say");
}

function stepRow(
  node: string,
  router: string,
  { name, to, weight, condition }: GraphStep,
): readonly string[] {
  const target = "service" in to ? to.service : "node" in to ? `node ${to.node}` : to.url;
  const share = weight === undefined ? "" : `${weight} %`;
  return [node, router, name ?? "", target, share, condition ?? ""];
}
