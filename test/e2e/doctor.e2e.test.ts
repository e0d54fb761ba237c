import { beforeAll, expect, it } from "vitest";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import type { Finding } from "../../deployer/doctor/check.ts";
import { folderWith, runCli } from "../cli/run-cli.ts";
import { describeWithCluster } from "./rig.ts";

describeWithCluster(
  "kserve-ts doctor",
  ({ kubeconfig, namespace }) => {
    const flags = ["--kubeconfig", kubeconfig, "-o", "json", "--timeout-ms", "60000"];

    async function findings(config: object, more: readonly string[] = ["-n", namespace]) {
      await using folder = await folderWith({ "kserve.config.json": JSON.stringify(config) });
      const ended = await runCli(["doctor", ...flags, ...more], { cwd: folder.path });
      const { findings } = JSON.parse(ended.stdout) as { findings: readonly Finding[] };
      return { ...ended, of: (name: string) => findings.find(({ check }) => check === name) };
    }

    beforeAll(async () => {
      await using cluster = await connectCluster({ kubeconfig, namespace, env: process.env });
      await cluster.create(
        { group: "", version: "v1", plural: "resourcequotas", kind: "ResourceQuota", namespaced: true },
        {
          apiVersion: "v1",
          kind: "ResourceQuota",
          metadata: { name: "small", namespace },
          spec: { hard: { "count/configmaps": "1", pods: "50" } },
        },
      );
      // Every namespace has one ConfigMap, with the cluster's certificate.
      for (;;) {
        const { items } = await cluster.list({
          group: "",
          version: "v1",
          plural: "resourcequotas",
          kind: "ResourceQuota",
          namespaced: true,
        });
        if (JSON.stringify(items).includes('"used":{"count/configmaps":"1"')) break;
      }
    });

    it("finds in order what is, and ends with 0", async () => {
      const only = ["node", "context", "api", "permissions", "kserve", "mode", "runtimes", "webhook"];
      const { of, exitCode } = await findings({}, ["-n", namespace, "--only", only.join(",")]);
      expect(Object.fromEntries(only.map((name) => [name, of(name)?.status]))).toEqual(
        Object.fromEntries(only.map((name) => [name, "ok"])),
      );
      expect(exitCode).toBe(0);
      expect(of("api")?.message).toMatch(/^Kubernetes v1\./);
      expect(of("kserve")?.message).toMatch(/^KServe v0\.\d+\.\d+/);
    });

    it("says which runtime a model has, and what to do where it has none", async () => {
      const model = (settings: object) => ({ deploy: { model: "s3://models/x", ...settings } });
      const only = ["-n", namespace, "--only", "runtimes"];
      const [iris, none, protocol] = await Promise.all([
        findings(model({ predictor: "sklearn" }), only),
        findings(model({ predictor: "sklearn", model: { uri: "s3://models/x", runtime: "nosuch" } }), only),
        findings(model({ predictor: "sklearn", protocolVersion: "grpc-v1" }), only),
      ]);
      expect(iris.of("runtimes")).toMatchObject({
        status: "ok",
        message: expect.stringContaining("kserve-sklearnserver"),
      });
      expect(none.of("runtimes")).toMatchObject({
        status: "fail",
        message: "there is no runtime nosuch",
        fix: expect.stringMatching(/^For sklearn there is .*kserve-sklearnserver/),
      });
      expect(none.exitCode).toBe(1);
      expect(protocol.of("runtimes")).toMatchObject({
        status: "fail",
        message: "no runtime for sklearn speaks grpc-v1",
        fix: expect.stringMatching(/^Set protocolVersion to .*v2/),
      });
    });

    it("fails where the mode needs Knative, and it is not there", async () => {
      const config = { targets: { here: { namespace, deploymentMode: "Knative" } } };
      const { of, exitCode } = await findings(config, ["--target", "here", "--only", "mode"]);
      expect(of("mode")).toMatchObject({
        status: "fail",
        message: expect.stringContaining("Knative Serving is not installed"),
      });
      expect(exitCode).toBe(1);
    });

    it("reads the namespace's PodSecurity and quota", async () => {
      const config = { deploy: { podSecurity: "none" } };
      const { of, exitCode } = await findings(config, ["-n", namespace, "--only", "pod-security,quota"]);
      expect(of("pod-security")).toMatchObject({
        status: "fail",
        message: `namespace ${namespace} enforces PodSecurity restricted, and podSecurity is "none"`,
      });
      expect(of("quota")).toMatchObject({
        status: "warn",
        message: expect.stringContaining("small: count/configmaps 1 of 1"),
      });
      expect(exitCode).toBe(1);
    });

    it("names a namespace that is not there", async () => {
      const { of } = await findings({}, ["-n", "nowhere", "--only", "pod-security"]);
      expect(of("pod-security")?.message).toBe("there is no namespace nowhere");
      expect(of("pod-security")?.fix).toBe("kubectl create namespace nowhere");
    });

    it("leaves nothing behind of the service it sends to the webhooks", async () => {
      const { of } = await findings({}, ["-n", namespace, "--only", "webhook"]);
      expect(of("webhook")?.status).toBe("ok");
      await using cluster = await connectCluster({ kubeconfig, namespace, env: process.env });
      expect((await cluster.list(RESOURCES.inferenceService)).items).toEqual([]);
    });
  },
  { labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
);
