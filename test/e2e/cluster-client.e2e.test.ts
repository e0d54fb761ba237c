import { once } from "node:events";
import { connect } from "node:net";
import { beforeAll, expect, it } from "vitest";
import type { Cluster } from "../../deployer/cluster/cluster.ts";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { readFacts } from "../../deployer/cluster/read-facts.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import { failureOf } from "../deployer/cluster/failure-of.ts";
import { startEchoPod } from "./echo-pod.ts";
import { describeWithCluster } from "./rig.ts";

describeWithCluster(
  "the client of a cluster",
  ({ kubeconfig, namespace }) => {
    function connected(): Promise<Cluster> {
      return connectCluster({ kubeconfig, namespace, env: process.env });
    }

    beforeAll(async () => {
      await using cluster = await connected();
      await startEchoPod(cluster, namespace);
    });

    it("reads the version of Kubernetes and KServe's facts", async () => {
      await using cluster = await connected();
      expect(await cluster.version()).toMatch(/^v1\.\d+\.\d+/);
      const facts = await readFacts(cluster);
      expect(facts.configRead).toBe(true);
      expect(facts.s3KeyNames?.accessKeyId).toBe("AWS_ACCESS_KEY_ID");
      expect(facts.version[1]).toBeGreaterThanOrEqual(9);
      expect(facts.versionFrom).not.toBe("");
    });

    it("applies, watches, changes and deletes", async () => {
      await using cluster = await connected();
      const stop = new AbortController();
      const { resourceVersion } = await cluster.list(RESOURCES.secret);
      const seen: string[] = [];
      const watching = (async () => {
        for await (const { type, object } of cluster.watch(
          RESOURCES.secret,
          { resourceVersion },
          stop.signal,
        )) {
          seen.push(`${type} ${JSON.stringify(object.data ?? {})}`);
          if (type === "DELETED") stop.abort();
        }
      })();
      const manifest = { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace } };
      await cluster.apply(RESOURCES.secret, { ...manifest, data: { a: "YQ==" } });
      await cluster.patch(RESOURCES.secret, { name: "s" }, { data: { a: null, b: "Yg==" } });
      expect(await cluster.delete(RESOURCES.secret, { name: "s" })).toBe(true);
      expect(await cluster.delete(RESOURCES.secret, { name: "s" })).toBe(false);
      await watching;
      expect(seen).toEqual(['ADDED {"a":"YQ=="}', 'MODIFIED {"b":"Yg=="}', 'DELETED {"b":"Yg=="}']);
    });

    it("tells what a webhook, a schema and a namespace refuse", async () => {
      await using cluster = await connected();
      const apply = (spec: object, where = namespace) =>
        failureOf(
          cluster.apply(
            RESOURCES.inferenceService,
            {
              apiVersion: "serving.kserve.io/v1beta1",
              kind: "InferenceService",
              metadata: { name: "bad", namespace: where },
              spec,
            },
            { dryRun: true },
          ),
        );
      const model = { modelFormat: { name: "sklearn" }, storageUri: "s3://m/x" };
      const refusals = [
        await apply({ predictor: { model, minReplicas: 5, maxReplicas: 1 } }),
        await apply({ predictor: {} }),
        await apply({ predictor: { model: { ...model, storageURI: "x" } } }),
        await apply({ predictor: { model } }, "no-such-namespace"),
      ];
      expect(refusals.map(({ code }) => code)).toEqual(Array(4).fill("KTS_CLUSTER_REFUSED"));
      const [webhook, panic, field, missing] = refusals.map(({ message }) => message);
      expect(webhook).toContain("'MinReplicas' cannot be greater than MaxReplicas (says the webhook");
      expect(panic).toContain("a predictor that holds neither a model nor a container");
      expect(field).toContain("storageURI: field not declared in schema");
      expect(missing).toContain('namespaces "no-such-namespace" not found');
    });

    it("asks what one may do, as whom the kubeconfig acts for", async () => {
      await using cluster = await connected();
      expect(await cluster.mayI({ verb: "get", resource: RESOURCES.pod, subresource: "log" })).toBe(true);
    });

    it("runs a command to its exit code", async () => {
      await using cluster = await connected();
      const of = { pod: "echo", container: "main" };
      const { exitCode, stderr } = await cluster.exec({ ...of, command: ["/echo", "--fail=1"] });
      expect([exitCode, stderr.includes("told to fail")]).toEqual([1, true]);
      const missing = await failureOf(cluster.exec({ ...of, command: ["/no-such"] }));
      expect([missing.code, missing.message.endsWith("the container has no such command.")]).toEqual([
        "KTS_CLUSTER_REFUSED",
        true,
      ]);
    });

    it("forwards a port for many connections at once, and bodies that are large", async () => {
      await using cluster = await connected();
      await using port = await cluster.forwardPort({ name: "echo" }, 8080);
      const body = JSON.stringify({ instances: ["x".repeat(3_000_000)] });
      const url = `http://127.0.0.1:${port.localPort}/v1/models/m`;
      const answers = await Promise.all(
        Array.from({ length: 4 }, async () =>
          (await fetch(`${url}:predict`, { method: "POST", body })).text(),
        ),
      );
      for (const answer of answers) expect(answer.length).toBeGreaterThan(3_000_000);
    });

    it("says that nothing listens on a port, and that there is no pod", async () => {
      await using cluster = await connected();
      const problems: string[] = [];
      await using port = await cluster.forwardPort({ name: "echo" }, 81, ({ message }) =>
        problems.push(message),
      );
      const socket = connect(port.localPort, "127.0.0.1");
      await once(socket, "error");
      expect(problems).toEqual([
        `Cannot reach port 81 of Pod echo in the namespace ${namespace}: nothing listens there.`,
      ]);
      const missing = await failureOf(cluster.forwardPort({ name: "none" }, 81));
      expect(missing.message).toContain('pods "none" not found');
    });

    it("follows a log until the pod is deleted", async () => {
      await using cluster = await connected();
      const lines: string[] = [];
      const following = (async () => {
        for await (const line of cluster.followLogs({ pod: "echo", container: "main" })) lines.push(line);
      })();
      const log = await cluster.logs({ pod: "echo", container: "main" });
      await cluster.delete(RESOURCES.pod, { name: "echo" });
      await following;
      expect(`${lines.join("\n")}\n`.startsWith(log)).toBe(true);
      expect(log).not.toBe("");
    });
  },
  { loadsImages: true },
);
