import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { GraphConfig } from "../../contract/deploy-config.ts";
import type { Cluster } from "../../deployer/cluster/cluster.ts";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import { parseDeployFile } from "../../deployer/config/parse.ts";
import { graphManifests } from "../../deployer/manifests/inference-graph.ts";
import { applyManifests } from "../../deployer/rollout/apply.ts";
import { type GraphView, viewGraph, waitUntilGraphReady } from "../../deployer/rollout/graph-ready.ts";
import { folderWith, runCli } from "../cli/run-cli.ts";
import { runDeploy } from "./deploy-verb.ts";
import { standInImage } from "./images/busybox.ts";
import { describeWithCluster } from "./rig.ts";

/** The name under which KServe asks for its router; what it routes is not tested here. */
const ROUTER = { name: "docker.io/kserve/router:latest", files: { readyz: "ready" } };

const URL = "http://digits-predictor.models.svc.cluster.local/v1/models/digits:predict";

const QUOTA = {
  group: "",
  version: "v1",
  plural: "resourcequotas",
  kind: "ResourceQuota",
  namespaced: true,
} as const;

const EVERY_NODE: GraphConfig["nodes"] = {
  root: {
    sequence: [
      { url: URL, name: "prepare" },
      { node: "both", dependency: "hard" },
    ],
  },
  both: {
    ensemble: [
      { url: URL, name: "digits" },
      { node: "share", name: "share" },
    ],
  },
  share: {
    splitter: [
      { url: URL, weight: 30 },
      { node: "kinds", weight: 70 },
    ],
  },
  kinds: { switch: [{ url: URL, condition: 'instances.#(kind=="dog")' }] },
};

describeWithCluster(
  "graphs on a cluster",
  ({ kubeconfig, namespace, loadImage }) => {
    let cluster: Cluster;
    const signal = AbortSignal.timeout(170_000);

    beforeAll(async () => {
      await loadImage(await standInImage(ROUTER));
      cluster = await connectCluster({ kubeconfig, namespace, env: {} });
    });

    afterAll(() => cluster[Symbol.asyncDispose]());

    async function apply(name: string, nodes: GraphConfig["nodes"]) {
      const resources = { requests: { cpu: "10m", memory: "16Mi" } };
      const { graphs = {} } = parseDeployFile({ graphs: { [name]: { nodes, resources } } }, "file");
      const manifests = graphManifests(graphs, { namespace, mode: "Standard", version: [0, 20, 0] });
      return applyManifests(cluster, manifests, { signal });
    }

    it("of every kind of node are taken, and their router is waited for", async () => {
      const applied = await apply("everything", EVERY_NODE);
      expect(applied.objects).toMatchObject([{ kind: "InferenceGraph", action: "created" }]);
      const views: GraphView[] = [];
      const view = await waitUntilGraphReady(
        cluster,
        { name: "everything" },
        { timeoutMs: 120_000, signal, onView: (seen) => views.push(seen) },
      );
      expect(view).toMatchObject({ ready: true, url: `http://everything-${namespace}.example.com` });
      expect(views[0]?.ready).toBe(false);
      const deployment = await cluster.get(RESOURCES.deployment, { name: "everything" });
      expect((deployment?.["status"] as { availableReplicas?: number }).availableReplicas).toBe(1);
    });

    it("that have changed are ready when routers with the new nodes run, and no others", async () => {
      await apply("changing", { root: { sequence: [{ url: URL }] } });
      const wait = { timeoutMs: 120_000, signal };
      await waitUntilGraphReady(cluster, { name: "changing" }, wait);
      const changed = { root: { ensemble: [{ url: URL, name: "changed" }] } };
      expect((await apply("changing", changed)).objects).toMatchObject([{ action: "configured" }]);
      await waitUntilGraphReady(cluster, { name: "changing" }, wait);
      const labels = "serving.kserve.io/inferencegraph=changing";
      const { items } = await cluster.list(RESOURCES.pod, { labels });
      const running = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      expect(running).toHaveLength(1);
      expect(JSON.stringify(running[0]?.["spec"])).toContain("Ensemble");
    });

    it("are unchanged when nothing has changed", async () => {
      await apply("same", { root: { sequence: [{ url: URL }] } });
      expect((await apply("same", { root: { sequence: [{ url: URL }] } })).unchanged).toBe(true);
    });

    it("wait for a service that is not there, by its name", async () => {
      await apply("orphan", { root: { sequence: ["nobody"] } });
      let view = await viewGraph(cluster, { name: "orphan" }, signal);
      while (view?.waitsFor === undefined) {
        await delay(100, undefined, { signal });
        view = await viewGraph(cluster, { name: "orphan" }, signal);
      }
      expect(view).toMatchObject({ ready: false, waitsFor: expect.stringMatching(/nobody/) as string });
      const waiting = waitUntilGraphReady(cluster, { name: "orphan" }, { timeoutMs: 500, signal });
      await expect(waiting).rejects.toThrow(/InferenceGraph orphan in .* is not ready after 1 s: .*nobody/);
    });

    it("are listed and described with what they go to, and deleted", async () => {
      await apply("same", { root: { sequence: [{ url: URL }] } });
      const run = async (...words: string[]) => {
        const where = ["-n", namespace, "--kubeconfig", kubeconfig];
        const { stdout, stderr, exitCode } = await runCli([...words, ...where], { cwd: folder.path });
        expect(exitCode, stderr).toBe(0);
        return stdout;
      };
      await using folder = await folderWith({});
      await apply("orphan", { root: { sequence: ["nobody"] } });
      expect(await run("list")).toMatch(/^orphan +\S.* +graph of nobody +\S+ +kserve-ts$/m);
      expect((await run("list", "-o", "name")).split("\n")).toEqual(
        expect.arrayContaining(["orphan", "same"]),
      );
      expect(JSON.parse(await run("list", "-o", "json"))).toContainEqual(
        expect.objectContaining({
          kind: "InferenceGraph",
          name: "everything",
          state: "ready",
          services: [],
          url: `http://everything-${namespace}.example.com`,
        }),
      );
      const described = await run("describe", "everything");
      expect(described).toMatch(/^graph everything in \S+ is ready$/m);
      expect(described).toMatch(/^ +share +splitter +http:\S+ +30 %$/m);
      expect(described).toMatch(/^ +share +node kinds|^ +node kinds +70 %$/m);
      expect(await run("describe", "orphan")).toMatch(
        /^graph orphan in \S+ (is not|may not be).*\n +waits for: .*nobody/m,
      );
      expect(JSON.parse(await run("describe", "orphan", "-o", "json"))).toMatchObject({
        nodes: [{ name: "root", router: "sequence", steps: [{ to: { service: "nobody" } }] }],
      });
      expect(await run("delete", "everything", "--yes")).toBe("InferenceGraph everything is deleted.\n");
      const labels = "serving.kserve.io/inferencegraph=everything";
      expect((await cluster.list(RESOURCES.pod, { labels })).items).toEqual([]);
      expect(await run("list", "-o", "name")).not.toContain("everything");
    });

    it("that the cluster refuses leave the service beside them as it is", async () => {
      const counted = "count/inferencegraphs.serving.kserve.io";
      await cluster.create(QUOTA, {
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: { name: "no-graphs", namespace },
        spec: { hard: { [counted]: "0" } },
      });
      const hard = async () => {
        const quota = await cluster.get(QUOTA, { name: "no-graphs" });
        return (quota?.["status"] as { hard?: Record<string, string> } | undefined)?.hard?.[counted];
      };
      await expect.poll(hard, { timeout: 30_000 }).toBe("0");
      const config = {
        deploy: { name: "beside", image: "localhost/echo:testbed" },
        graphs: { refused: { nodes: { root: { sequence: ["beside"] } } } },
      };
      await using folder = await folderWith({ "kserve.config.json": JSON.stringify(config) });
      const { stderr, exitCode } = await runDeploy({ kubeconfig, namespace }, folder.path, []);
      expect(exitCode).not.toBe(0);
      expect(stderr).toMatch(/^error: .*refused.*exceeded quota: no-graphs/m);
      expect(await cluster.get(RESOURCES.inferenceService, { name: "beside" })).toBeUndefined();
    });

    it("that are not there are not waited for", async () => {
      expect(await viewGraph(cluster, { name: "none" }, signal)).toBeUndefined();
      const waiting = waitUntilGraphReady(cluster, { name: "none" }, { timeoutMs: 500, signal });
      await expect(waiting).rejects.toMatchObject({ code: "KTS_SERVICE_NOT_FOUND" });
    });
  },
  { loadsImages: true },
);
