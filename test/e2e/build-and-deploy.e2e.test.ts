import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { InferenceClient } from "../../client/index.ts";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import { ROOT, folderWith } from "../cli/run-cli.ts";
import { BASE } from "../integration/docker/base-image.ts";
import { REGISTRY_USER, type Registry } from "../integration/docker/registry.ts";
import { startRig } from "../integration/docker/rig.ts";
import { npmEnv } from "./custom-images.ts";
import { deployed, readyPod, runDeploy, withPort } from "./deploy-verb.ts";
import { showToNode } from "./node-registry.ts";
import { describeWithCluster } from "./rig.ts";

const CONFIG = {
  deploy: {
    name: "digits",
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "1", memory: "512Mi" } },
  },
};

describeWithCluster(
  "a folder that is not built yet",
  (rig) => {
    const held = new AsyncDisposableStack();
    afterAll(() => held.disposeAsync());
    let folder: string;
    let tag: string;
    let closed: Registry;
    /** As `docker login` keeps it. */
    let login: string;
    let env: Record<string, string>;

    beforeAll(async () => {
      const docker = await startRig();
      if ("reason" in docker) throw new Error(`no Docker engine: ${docker.reason}`);
      held.defer(() => docker.stop());
      held.use(await showToNode(rig.kubeconfig, docker.openRegistry));
      // Beside the examples, as it imports from our sources.
      folder = await mkdtemp(join(ROOT, "examples/.built-"));
      held.defer(() => rm(folder, { recursive: true, force: true }));
      // Without the right answers: what is built again answers otherwise.
      const filter = (path: string) => !path.endsWith(".expected.json");
      await cp(join(ROOT, "examples/digits"), folder, { recursive: true, filter });
      await writeFile(join(folder, "kserve.config.json"), JSON.stringify(CONFIG));
      closed = docker.authRegistry;
      held.use(await showToNode(rig.kubeconfig, closed));
      const auth = Buffer.from(`${REGISTRY_USER.user}:${REGISTRY_USER.password}`).toString("base64");
      login = JSON.stringify({ auths: { [closed.address]: { auth } } });
      const own = held.use(await folderWith({ "config.json": login })).path;
      tag = `${docker.openRegistry.address}/e2e/digits:1`;
      env = {
        ...npmEnv(),
        DOCKER_HOST: docker.engine.host,
        DOCKER_CONFIG: own,
        KSERVE_TS_CACHE_DIR: join(own, "cache"),
      };
    });

    /** The digits that the pods there are answer for a seven. */
    const answers = async () => {
      const text = await readFile(join(ROOT, "examples/digits/examples/seven.json"), "utf8");
      const { instances } = JSON.parse(text) as { instances: unknown[] };
      return withPort(rig, { name: "digits", port: 8080 }, async (address) => {
        using client = new InferenceClient(`http://${address}`);
        return await client.predict("digits", instances);
      });
    };

    /** The image that the ready pod runs, as the spec and the node name it. */
    const images = async () => {
      await using cluster = await connectCluster({ ...rig, env: process.env });
      const pod = await cluster.get(RESOURCES.pod, { name: await readyPod(rig, "digits") });
      const { containers } = pod?.["spec"] as { containers: { image: string }[] };
      const { containerStatuses } = pod?.["status"] as { containerStatuses: { imageID: string }[] };
      return [containers[0]?.image, containerStatuses[0]?.imageID];
    };

    it("is not deployed without a word, as nobody is there to be asked", async () => {
      const { stderr, exitCode } = await runDeploy(rig, folder, [], env);
      expect(stderr).toMatch(/^error: deploy\.image: this folder has no image yet$/m);
      expect(stderr).toMatch(/^hint: .*kserve-ts deploy --build --tag \S+\/digits:1/m);
      expect(exitCode).toBe(2);
    });

    let first: string | undefined;
    it("is built, pushed, pulled by its digest, and answers", async () => {
      const ended = await runDeploy(rig, folder, ["--build", "--tag", tag, "--base", BASE], env);
      const { image, ...outcome } = await deployed(Promise.resolve(ended));
      expect(outcome).toMatchObject({ outcome: "created", ready: true, warnings: [] });
      first = image;
      expect(image).toMatch(new RegExp(`^${tag.slice(0, -2)}@sha256:[0-9a-f]{64}$`));
      expect(ended.stderr).toContain(`Pushed ${image}`);
      // The node had it from the registry: nobody has loaded it.
      expect(await images()).toEqual([image, image]);
      expect(await answers()).toEqual([7]);
    });

    it("is known by what was pushed, and left alone", async () => {
      const outcome = await deployed(runDeploy(rig, folder, [], env));
      expect(outcome).toMatchObject({ outcome: "unchanged", ready: true, image: first });
    });

    it("is built again under its last name once it has changed, and rolled out", async () => {
      const path = join(folder, "predictor.ts");
      const source = await readFile(path, "utf8");
      const changed = source.replace("digits.push(ten", "digits.push(100 + ten");
      expect(changed).not.toBe(source);
      await writeFile(path, changed);
      const outcome = await deployed(runDeploy(rig, folder, ["--build", "--base", BASE], env));
      expect(outcome).toMatchObject({ outcome: "configured", ready: true });
      expect(outcome.image).not.toBe(first);
      expect(await images()).toEqual([outcome.image, outcome.image]);
      expect(await answers()).toEqual([107]);
    });

    it("is pushed to a registry that wants a login, and runs once the pods have it too", async () => {
      const reference = `${closed.address}/e2e/digits:1`;
      const words = ["--build", "--tag", reference, "--base", BASE];
      const refused = await runDeploy(rig, folder, words, env);
      expect(refused.stderr).toContain(`Pushed ${closed.address}/e2e/digits@sha256:`);
      expect(refused.exitCode, refused.stderr).toBe(11);
      expect(refused.stderr).toMatch(/^error: digits does not come up: The image \S+ .*cannot be pulled: /m);
      expect(refused.stderr).toMatch(/^hint: .*imagePullSecrets/m);
      await using cluster = await connectCluster({ ...rig, env: process.env });
      await cluster.create(RESOURCES.secret, {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "pull", namespace: rig.namespace },
        type: "kubernetes.io/dockerconfigjson",
        data: { ".dockerconfigjson": Buffer.from(login).toString("base64") },
      });
      const config = { deploy: { ...CONFIG.deploy, imagePullSecrets: ["pull"] } };
      await writeFile(join(folder, "kserve.config.json"), JSON.stringify(config));
      const ended = await runDeploy(rig, folder, [], env);
      const { image, ...outcome } = await deployed(Promise.resolve(ended));
      expect(outcome).toMatchObject({ outcome: "configured", ready: true });
      expect(await images()).toEqual([image, image]);
      expect(await answers()).toEqual([107]);
      const said = refused.stdout + refused.stderr + ended.stdout + ended.stderr;
      expect(said).not.toContain(REGISTRY_USER.password);
    });
  },
  { loadsImages: true },
);
