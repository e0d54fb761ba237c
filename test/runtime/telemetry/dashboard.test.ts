import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { postJson, servePredictor } from "../serving.ts";

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
}

const file = new URL("../../../docs/grafana-dashboard.json", import.meta.url);
const dashboard = JSON.parse(readFileSync(file, "utf8")) as Dashboard;
const expressions = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
);
const variables = dashboard.templating.list
  .map(({ query }) => (query as { query?: string }).query)
  .filter((query) => query !== undefined)
  .map((query) => ["variable", query] as const);

/** Labels that Prometheus adds to what it scrapes from a pod. */
const SCRAPE_LABELS = ["pod", "namespace", "instance", "job"];

/** The labels of each metric, by the name it has in a line of the exposition. */
let metrics: Map<string, Set<string>>;

beforeAll(async () => {
  const sink = createServer((req, res) => void req.resume().on("end", () => res.end())).listen(
    0,
    "127.0.0.1",
  );
  await once(sink, "listening");
  const payloadLogUrl = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;
  await using server = await servePredictor(
    `
    export const predict = (_model, input) => input;
    export const explain = (_model, input) => input;
    `,
    { options: { payloadLogUrl } },
  );
  await postJson(server, "/v1/models/m:predict", { instances: [1] });
  const text = await (await fetch(`${server.url}/metrics`)).text();
  metrics = readMetrics(text);
  sink.closeAllConnections();
  sink.close();
});

function readMetrics(text: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const line of text.split("\n")) {
    const [, name, labels = ""] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === undefined) {
      // A metric without a value yet is there by its type.
      const [, declared, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
      if (declared !== undefined && type === "histogram") {
        for (const suffix of ["_bucket", "_sum", "_count"])
          found.set(declared + suffix, new Set(["le", "kind"]));
      }
      continue;
    }
    const known = found.get(name) ?? new Set<string>();
    for (const [, label] of labels.matchAll(/(\w+)="/g)) known.add(label as string);
    found.set(name, known);
  }
  return found;
}

const FUNCTIONS = new Set("histogram_quantile sum rate min max avg by without label_values le".split(" "));

/** Every metric that an expression names, with the labels it selects or groups by. */
function namesOf(expression: string): { names: string[]; labels: string[] } {
  const labels = [
    ...[...expression.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label]) => label as string),
    ...[...expression.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = ""]) =>
      list.split(",").map((one) => one.trim()),
    ),
    ...[...expression.matchAll(/^label_values\(\w+, (\w+)\)/g)].map(([, label]) => label as string),
  ];
  const bare = expression
    .replace(/\{[^}]*\}/g, "")
    .replace(/\[[^\]]*\]/g, "")
    .replace(/by \([^)]*\)/g, "")
    .replace(/^label_values\((\w+), \w+\)/, "$1");
  const words = bare.match(/[a-zA-Z_:][\w:]*/g) ?? [];
  return { names: words.filter((word) => !FUNCTIONS.has(word)), labels };
}

describe("the Grafana dashboard", () => {
  it.each([...expressions, ...variables])(
    "has in %s only metrics and labels that the server has: %s",
    (_title, expr) => {
      const { names, labels } = namesOf(expr);
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) expect([...metrics.keys()]).toContain(name);
      const known = new Set([...SCRAPE_LABELS, ...names.flatMap((name) => [...(metrics.get(name) ?? [])])]);
      for (const label of labels) expect([...known]).toContain(label);
    },
  );

  it("shows every metric of ours", () => {
    const shown = expressions.flatMap(([, expr]) => namesOf(expr).names).map(baseName);
    const ours = [...metrics.keys()].map(baseName).filter((name) => /^(?:kserve_ts|request)_/.test(name));
    expect([...new Set(ours)].filter((name) => !shown.includes(name))).toEqual([]);
  });

  it("has an id, a title and a place for each panel", () => {
    const ids = dashboard.panels.map((panel) => (panel as unknown as { id: number }).id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(dashboard.panels.every(({ title }) => title.length > 0)).toBe(true);
  });
});

function baseName(name: string): string {
  return name.replace(/_(?:bucket|sum|count)$/, "");
}
