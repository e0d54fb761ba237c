import { describe, expect, it } from "vitest";
import { layerDeployment } from "../../../deployer/config/layers.ts";
import { absoluteFile } from "../../../deployer/config/paths.ts";
import { parseDeployFile } from "../../../deployer/config/parse.ts";
import { problemOf } from "../problem-of.ts";

/** What is wrong with a graph by itself, without the file's name. */
function graphProblem(nodes: unknown, members: object = {}): string {
  const graphs = { chain: { nodes, ...members } };
  return problemOf(() => parseDeployFile({ graphs }, "file")).replaceAll("file: ", "");
}

const A = { service: "a" };
const B = { service: "b" };

describe("the graphs of a config file", () => {
  it("are taken with services by their names alone", () => {
    const graphs = { chain: { nodes: { root: { sequence: ["a", "b"] } } } };
    expect(parseDeployFile({ graphs }, "file").graphs).toEqual(graphs);
  });

  it("may be none", () => {
    expect(parseDeployFile({}, "file")).toEqual({ deploy: {}, targets: {} });
  });

  it.each([
    [{ first: { sequence: [A] } }, "graphs.chain.nodes.root: expected a node at which requests begin"],
    [{ root: {} }, "graphs.chain.nodes.root: expected one of sequence, splitter, ensemble, switch"],
    [
      { root: { sequence: [A], ensemble: [B] } },
      "graphs.chain.nodes.root: expected one of sequence, splitter",
    ],
    [{ root: { sequence: [] } }, "graphs.chain.nodes.root.sequence: expected at least one step"],
    [{ root: { chain: [A] } }, "graphs.chain.nodes.root.chain means nothing here; known are sequence"],
    [
      { root: { sequence: [{ servce: "a" }] } },
      "graphs.chain.nodes.root.sequence[0].servce means nothing here; did you mean service?",
    ],
    [
      { root: { sequence: ["Digits!"] } },
      /^graphs\.chain\.nodes\.root\.sequence\[0\]: expected .*such as "digits"/,
    ],
    [
      { root: { sequence: [A, { ...B, node: "root" }] } },
      "graphs.chain.nodes.root.sequence[1]: expected one of service, node and url",
    ],
    [{ root: { sequence: [{ name: "x" }] } }, "sequence[0]: expected one of service, node and url"],
    [
      { root: { sequence: [{ node: "els" }] } },
      "sequence[0].node: expected a node of the graph, one of root",
    ],
    [
      {
        root: {
          ensemble: [
            { ...A, name: "x" },
            { ...B, name: "x" },
          ],
        },
      },
      "ensemble[1].name: expected another name than a step before has",
    ],
    [
      { root: { splitter: [{ ...A, weight: 60 }, B] } },
      "splitter[1].weight: expected percent of the requests",
    ],
    [
      {
        root: {
          splitter: [
            { ...A, weight: 60 },
            { ...B, weight: 30 },
          ],
        },
      },
      "graphs.chain.nodes.root.splitter: expected weights of 100 together, not of 90",
    ],
    [{ root: { switch: [A] } }, "switch[0].condition: expected a condition, without which"],
    [
      { root: { ensemble: [{ ...A, weight: 3 }] } },
      "ensemble[0].weight: expected none here: it is for a splitter",
    ],
    [{ root: { sequence: [{ ...A, data: "response" }] } }, 'sequence[0].data: expected "request", since'],
    [{ root: { sequence: [{ ...A, condition: "x" }] } }, "sequence[0].condition: expected none at the first"],
    [
      { root: { sequence: [A, { node: "more" }] }, more: { sequence: [{ node: "root" }] } },
      "graphs.chain.nodes.more.sequence[0].node: expected no circle (root > more > root)",
    ],
    [
      { root: { sequence: [A] }, more: { sequence: [A] } },
      "graphs.chain.nodes.more: expected a step that leads to it",
    ],
  ])("%j are refused", (nodes, message) => {
    expect(graphProblem(nodes)).toMatch(message);
  });

  it("are refused when their names are too long or none", () => {
    const nodes = { root: { sequence: [A] } };
    const long = "x".repeat(59);
    const graphs = { [long]: { nodes }, Big: { nodes } };
    const problem = problemOf(() => parseDeployFile({ graphs }, "file"));
    expect(problem).toMatch(/graphs\.x+: expected a name of at most 58 characters/);
    expect(problem).toMatch(/graphs\.Big: expected a name of lower-case letters/);
  });

  it("are refused when fewer routers are allowed than asked for", () => {
    const problem = graphProblem({ root: { sequence: [A] } }, { minReplicas: 3, maxReplicas: 2 });
    expect(problem).toBe("graphs.chain.maxReplicas: expected at least minReplicas, 3, got the number 2");
  });

  it("may reach a node on two ways", () => {
    const nodes = {
      root: { ensemble: [{ node: "left" }, { node: "right" }] },
      left: { sequence: [A, { node: "end" }] },
      right: { sequence: [B, { node: "end" }] },
      end: { sequence: [A] },
    };
    expect(graphProblem(nodes)).toBe("");
  });
});

describe("a deployment's graphs", () => {
  it("are those of the file, whatever the target", () => {
    const graphs = { chain: { nodes: { root: { sequence: ["a"] } } } };
    const file = parseDeployFile({ graphs, targets: { prod: {} } }, "file");
    const absolute = absoluteFile(file, "/project");
    expect(layerDeployment({ file: absolute, folderName: "digits" }).graphs).toEqual(graphs);
  });
});
