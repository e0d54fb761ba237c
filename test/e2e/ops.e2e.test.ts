import { beforeAll, describe, expect, it } from "vitest";
import type { Cluster } from "../../deployer/cluster/cluster.ts";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import type { Manifest } from "../../deployer/manifests/manifest.ts";
import { applyManifests } from "../../deployer/rollout/apply.ts";
import { keepGood } from "../../deployer/rollout/last-good.ts";
import { waitUntilReady } from "../../deployer/rollout/wait.ts";
import { runCli } from "../cli/run-cli.ts";
import { type ClusterRig, describeWithCluster } from "./rig.ts";

const OURS = { "app.kubernetes.io/managed-by": "kserve-ts" };
const SMALL = { requests: { cpu: "10m", memory: "32Mi" }, limits: { cpu: "500m", memory: "64Mi" } };

/** Models that the testbed's stand-in for the storage initializer has. */
const MODELS = {
  iris: "gs://kfserving-examples/models/sklearn/1.0/model",
  trees: "gs://kfserving-examples/models/xgboost/iris",
} as const;

/** A predictor of the testbed's echo image, which answers with its arguments and the model's files. */
function echo(argument: string, uri?: string): object {
  const env = uri === undefined ? {} : { env: [{ name: "STORAGE_URI", value: uri }] };
  const container = { name: "kserve-container", image: "localhost/echo:testbed", resources: SMALL, ...env };
  return { containers: [{ ...container, args: [`--said=${argument}`] }] };
}

function service(namespace: string, name: string, spec: object): Manifest {
  const annotations = { "serving.kserve.io/deploymentMode": "Standard" };
  return {
    apiVersion: "serving.kserve.io/v1beta1",
    kind: "InferenceService",
    metadata: { name, namespace, labels: OURS, annotations },
    spec,
  };
}

/** Deploys as `deploy` does: applies, waits, keeps it as one to go back to. */
async function deploy(cluster: Cluster, ...manifests: readonly Manifest[]): Promise<void> {
  const { service: applied } = await applyManifests(cluster, manifests);
  const { name, namespace, generation = 1 } = applied?.metadata ?? { name: "", namespace: "" };
  await waitUntilReady(cluster, { name, namespace, generation }, { timeoutMs: 90_000 });
  const main = manifests.find(({ kind }) => kind === "InferenceService");
  if (main !== undefined && applied !== undefined) await keepGood(cluster, main, applied);
}

function commandLine({ kubeconfig, namespace }: ClusterRig) {
  return async (...words: readonly string[]) => {
    const { stdout, stderr, exitCode } = await runCli([...words, "-n", namespace], {
      env: { KUBECONFIG: kubeconfig },
    });
    return { stdout: stdout.trim(), stderr, exitCode };
  };
}

async function json(run: ReturnType<typeof commandLine>, ...words: readonly string[]) {
  const { stdout, stderr, exitCode } = await run(...words, "-o", "json");
  if (exitCode !== 0) throw new Error(`${words.join(" ")}: ${exitCode}\n${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describeWithCluster("a deployment in the verbs' hands", (rig) => {
  const { kubeconfig, namespace } = rig;
  const run = commandLine(rig);
  const connect = () => connectCluster({ kubeconfig, namespace, env: process.env });

  beforeAll(async () => {
    await using cluster = await connect();
    const account = { apiVersion: "v1", kind: "ServiceAccount" };
    await deploy(
      cluster,
      { ...account, metadata: { name: "digits-storage", namespace, labels: OURS } },
      service(namespace, "digits", { predictor: { ...echo("one"), serviceAccountName: "digits-storage" } }),
    );
  });

  it("is listed with what it is", async () => {
    const { stdout } = await run("list");
    expect(stdout).toMatch(/^NAME +READY +MODE +PREDICTOR +REPLICAS +CANARY +URL +AGE +BY$/m);
    expect(stdout).toMatch(
      /^digits +yes +Standard +custom localhost\/echo:testbed +1\/1 +http:\S+ +\S+ +kserve-ts$/m,
    );
    expect((await run("list", "-o", "name")).stdout).toBe("digits");
  });

  it("is described, and says where it answers", async () => {
    const url = `http://digits-${namespace}.example.com`;
    const described = await json(run, "describe", "digits");
    expect(described).toMatchObject({ name: "digits", state: "ready", isSeen: true, url });
    expect(described["pods"]).toMatchObject([{ component: "predictor", state: "Running", ready: true }]);
    expect(described["lastGood"]).toMatchObject({ predictor: "custom localhost/echo:testbed" });
    expect((await run("get-url", "digits")).stdout).toBe(url);
    const local = `http://digits-predictor.${namespace}.svc.cluster.local`;
    expect((await run("get-url", "digits", "--local")).stdout).toBe(local);
  });

  it("is not found under a name that is near, which is named", async () => {
    const { stderr, exitCode } = await run("describe", "digit");
    expect(stderr).toContain(`no InferenceService digit in namespace ${namespace}: there is digits`);
    expect(stderr).toContain("Did you mean digits?");
    expect(exitCode).toBe(3);
  });

  it("is stopped and started, each once", async () => {
    expect((await run("stop", "digits")).stdout).toMatch(/^digits is stopped; 1 pod ended\./);
    expect((await run("stop", "digits")).stdout).toBe("digits is stopped already.");
    await using cluster = await connect();
    expect((await cluster.list(RESOURCES.pod, { labels: "component=predictor" })).items).toEqual([]);
    expect((await run("get-url", "digits")).stderr).toContain("digits has no URL: it is stopped");
    expect((await run("start", "digits")).stdout).toBe("digits is started, and ready.");
    expect((await run("start", "digits")).stdout).toBe("digits was not stopped.");
  });

  it("goes back to what was ready before, and says so where there is nothing", async () => {
    const nothing = await run("rollback", "digits");
    expect(nothing.stderr).toContain("digits has no earlier spec that was ready");
    expect(nothing.exitCode).toBe(2);
    await using cluster = await connect();
    await deploy(
      cluster,
      service(namespace, "digits", { predictor: { ...echo("two"), serviceAccountName: "digits-storage" } }),
    );
    const { stdout, stderr } = await run("rollback", "digits");
    expect(stderr).toMatch(/^Going back to custom localhost\/echo:testbed, which was ready at /);
    expect(stdout).toBe("digits serves custom localhost/echo:testbed.");
    const live = await cluster.get(RESOURCES.inferenceService, { name: "digits" });
    expect(JSON.stringify(live?.["spec"])).toContain("--said=one");
  });

  it("is deleted only on a yes, with what was made for it and not what others use", async () => {
    const refused = await run("delete", "digits");
    expect(refused.stderr).toMatch(/There is no terminal to ask on\nhint: Give --yes/);
    expect(refused.exitCode).toBe(2);
    await using cluster = await connect();
    const other = service(namespace, "other", {
      predictor: { ...echo("other"), serviceAccountName: "digits-storage" },
    });
    await cluster.apply(RESOURCES.inferenceService, other);
    const { stdout } = await run("delete", "digits", "--yes");
    expect(stdout).toContain("InferenceService digits is deleted.");
    expect(stdout).toContain("ServiceAccount digits-storage stays: InferenceService other uses it too.");
    const account = await cluster.get(RESOURCES.serviceAccount, { name: "digits-storage" });
    expect(account?.metadata.ownerReferences).toBeUndefined();
    expect((await run("list", "-o", "name")).stdout).toBe("other");
  });
});

describeWithCluster(
  "a canary on Standard",
  (rig) => {
    const { kubeconfig, namespace } = rig;
    const run = commandLine(rig);
    const connect = () => connectCluster({ kubeconfig, namespace, env: process.env });
    const stable = echo("stable", MODELS.iris);
    const withCanary = (predictor: object) =>
      service(namespace, "flowers", {
        predictor: stable,
        canary: [{ predictor: { name: "next", ...predictor }, trafficPercent: 20 }],
      });

    const podNames = async (cluster: Cluster) => {
      const { items } = await cluster.list(RESOURCES.pod, {
        labels: "serving.kserve.io/inferenceservice=flowers",
      });
      const live = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      return live.map(({ metadata }) => metadata.name).toSorted();
    };

    beforeAll(async () => {
      await using cluster = await connect();
      await deploy(cluster, service(namespace, "flowers", { predictor: stable }));
    });

    it("is taken back by rollback", async () => {
      await using cluster = await connect();
      const before = await podNames(cluster);
      await deploy(cluster, withCanary(echo("canary", MODELS.trees)));
      expect((await run("list")).stdout).toMatch(/^flowers +yes .* 2\/2 +next 20% /m);
      const { stderr, stdout } = await run("rollback", "flowers");
      expect(stderr).toMatch(/^Taking next back; custom \S+ gets every request\./);
      expect(stdout).toBe("flowers serves custom localhost/echo:testbed.");
      expect(await podNames(cluster)).toEqual(before);
    });

    it("takes the predictor's place with the pods that it has", async () => {
      await using cluster = await connect();
      await deploy(cluster, withCanary(echo("canary", MODELS.trees)));
      const canary = (await podNames(cluster)).filter((name) => name.startsWith("flowers-next-"));
      expect(await json(run, "promote", "flowers")).toMatchObject({
        canary: "next",
        keepsPods: true,
        ready: true,
      });
      await expect.poll(() => podNames(cluster), { timeout: 60_000 }).toEqual(canary);
      const address = `http://flowers-next-predictor.${namespace}.svc.cluster.local`;
      expect((await run("get-url", "flowers", "--local")).stdout).toBe(address);
      expect((await run("promote", "flowers")).stderr).toContain("flowers has no canary");
    });

    it("leaves the predictor its name where its model has the same URI", async () => {
      await using cluster = await connect();
      const spec = {
        predictor: { name: "next", ...echo("canary", MODELS.trees) },
        canary: [{ predictor: { name: "third", ...echo("third", MODELS.trees) }, trafficPercent: 50 }],
      };
      await deploy(cluster, service(namespace, "flowers", spec));
      expect(await json(run, "promote", "flowers")).toMatchObject({ keepsPods: false, ready: true });
      const live = await cluster.get(RESOURCES.inferenceService, { name: "flowers" });
      expect(live?.["spec"]).toMatchObject({ predictor: { name: "next" } });
      expect(JSON.stringify(live?.["spec"])).toContain("--said=third");
      expect(live?.["spec"]).not.toHaveProperty("canary");
    });

    describe("that is not ready", () => {
      it("is not promoted, and described with the cause", async () => {
        await using cluster = await connect();
        const broken = { name: "broken", ...echo("broken", MODELS.iris) } as Record<string, unknown>;
        const [container] = broken["containers"] as { args: string[] }[];
        if (container !== undefined) container.args = ["--fail"];
        const live = await cluster.get(RESOURCES.inferenceService, { name: "flowers" });
        const { predictor } = live?.["spec"] as { predictor: object };
        const spec = { predictor, canary: [{ predictor: broken, trafficPercent: 10 }] };
        await applyManifests(cluster, [service(namespace, "flowers", spec)]);
        await expect
          .poll(async () => (await run("promote", "flowers")).stderr, { timeout: 60_000, interval: 500 })
          .toContain("its canary broken is not ready");
        await expect
          .poll(() => json(run, "describe", "flowers"), { timeout: 60_000 })
          .toMatchObject({
            state: "ready",
            canaries: [{ name: "broken", trafficPercent: 10, ready: false }],
            cause: { reason: "crash-loop", lastLines: [expect.stringContaining("told to fail")] },
          });
        expect((await run("rollback", "flowers")).exitCode).toBe(0);
      });
    });
  },
  { loadsImages: true },
);
