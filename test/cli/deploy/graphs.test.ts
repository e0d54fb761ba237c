import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { folderWith, runCli } from "../run-cli.ts";

const IMAGE = `registry.example.com/digits@sha256:${"0".repeat(64)}`;

/** `deploy --dry-run` of a folder with graphs, where no cluster is named. */
async function dryRun(graphs: object, format: string) {
  const config = JSON.stringify({ deploy: { name: "digits", image: IMAGE }, graphs });
  await using folder = await folderWith({ "kserve.config.json": config });
  const args = ["deploy", folder.path, "--dry-run", "-o", format];
  return await runCli(args, { env: { KUBECONFIG: "/nowhere/kubeconfig" } });
}

describe("deploy --dry-run of a folder with graphs", () => {
  const graphs = { chain: { nodes: { root: { sequence: ["prepare", "digits"] } } } };

  it("prints them after the InferenceService", async () => {
    const [table, yaml] = await Promise.all([dryRun(graphs, "table"), dryRun(graphs, "yaml")]);
    expect([table.exitCode, yaml.exitCode]).toEqual([0, 0]);
    expect(table.stdout).toMatch(/InferenceService +digits +default\n +InferenceGraph +chain +default/);
    const documents = parseAllDocuments(yaml.stdout).map((document) => document.toJS() as { kind: string });
    expect(documents.map(({ kind }) => kind)).toEqual(["InferenceService", "InferenceGraph"]);
  });

  it("refuses one that cannot be, by its path", async () => {
    const { stderr, exitCode } = await dryRun({ digits: graphs.chain }, "yaml");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("graphs.digits: expected another name than the InferenceService's");
    const wrong = await dryRun({ chain: { nodes: { root: { sequence: [{ node: "x" }] } } } }, "yaml");
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain("graphs.chain.nodes.root.sequence[0].node: expected a node of the graph");
  });
});
