import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { GrpcInferenceClient, InferenceClient } from "../../client/index.ts";
import { tensor } from "../../contract/index.ts";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import { ROOT, folderWith, runCli } from "../cli/run-cli.ts";
import { CUSTOM_IMAGES, loadCustomImages } from "./custom-images.ts";
import { deployed, readyPod, runDeploy, withPort } from "./deploy-verb.ts";
import { startLoad } from "./load-pod.ts";
import { describeWithCluster } from "./rig.ts";

/** Little enough that two of them and the cluster fit on two cores. */
const SIZE = { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "1", memory: "512Mi" } };

const example = async (folder: string, name: string) =>
  JSON.parse(await readFile(join(ROOT, "examples", folder, "examples", `${name}.json`), "utf8")) as {
    readonly instances: unknown[];
  };

/** Whatever runs in the namespace has to keep to PodSecurity's strictest level. */
const RESTRICTED = { labels: { "pod-security.kubernetes.io/enforce": "restricted" }, loadsImages: true };

describeWithCluster(
  "a predictor of ours on a cluster",
  (rig) => {
    const { loadImage } = rig;
    const folders = new AsyncDisposableStack();
    afterAll(() => folders.disposeAsync());
    const project = async (deploy: object) =>
      folders.use(await folderWith({ "kserve.config.json": JSON.stringify({ deploy }) })).path;
    const digits = (image: string) => ({
      name: "digits",
      image,
      resources: SIZE,
    });

    beforeAll(() => loadCustomImages(["digits", "changed", "logits", "transformer"], loadImage));

    it("comes up under PodSecurity's restricted profile", async () => {
      const folder = await project(digits(CUSTOM_IMAGES.digits));
      const outcome = await deployed(runDeploy(rig, folder, []));
      expect(outcome).toMatchObject({ outcome: "created", ready: true });
    });

    it("answers V1, V2 and V2 in binary with the right digits", async () => {
      const { instances } = await example("digits", "seven");
      const { pixels, digit } = await threeDigits();
      await withPort(rig, { name: "digits", port: 8080 }, async (address) => {
        using client = new InferenceClient(`http://${address}`);
        expect(await client.predict("digits", instances)).toEqual([7]);
        for (const binary of [false, true]) {
          const { outputs } = await client.infer("digits", { pixels }, { binary });
          expect(Array.from(outputs["digit"]?.data ?? [], Number)).toEqual(digit);
        }
      });
    });

    it("answers gRPC", async () => {
      const { pixels, digit } = await threeDigits();
      await withPort(rig, { name: "digits", port: 8081 }, async (address) => {
        using client = new GrpcInferenceClient(`grpc://${address}`);
        const { outputs } = await client.infer("digits", { pixels });
        expect(Array.from(outputs["digit"]?.data ?? [], Number)).toEqual(digit);
      });
    });

    it("is left alone by a second deploy", async () => {
      const folder = await project(digits(CUSTOM_IMAGES.digits));
      const before = await readyPod(rig, "digits");
      const outcome = await deployed(runDeploy(rig, folder, []));
      expect(outcome).toMatchObject({ outcome: "unchanged", ready: true });
      expect(await readyPod(rig, "digits")).toBe(before);
    });

    it.each(["v1", "v2", "v2-binary", "grpc"])("is asked by predict --target over %s", async (protocol) => {
      const config = {
        deploy: digits(CUSTOM_IMAGES.digits),
        targets: { here: { namespace: rig.namespace }, elsewhere: { namespace: "default" } },
      };
      await using folder = await folderWith({ "kserve.config.json": JSON.stringify(config) });
      const [body, digit] = protocol === "v1" ? ["seven.json", 7] : ["v2-three.json", 3];
      const input = join(ROOT, "examples/digits/examples", body);
      const words = ["predict", "--target", "here", "-i", input, "--protocol", protocol];
      const { stdout, stderr, exitCode } = await runCli([...words, "--kubeconfig", rig.kubeconfig], {
        cwd: folder.path,
      });
      expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
      expect(JSON.parse(stdout)).toMatchObject(
        protocol === "v1"
          ? { predictions: [digit] }
          : { model_name: "digits", outputs: [{ name: "digit", data: [digit] }] },
      );
    });

    it("runs as any user that the cluster gives it, on a root that nobody writes to", async () => {
      const folder = await project(digits(CUSTOM_IMAGES.digits));
      await using cluster = await connectCluster({ ...rig, env: process.env });
      // As OpenShift does with pods that name no user: one of the namespace's own range, in the group root.
      const securityContext = { runAsUser: 1_000_770_000, runAsGroup: 0, fsGroup: 1_000_770_000 };
      const change = { spec: { predictor: { securityContext } } };
      await cluster.patch(RESOURCES.inferenceService, { name: "digits" }, change);
      // What somebody else has set is not taken away, and what runs then is waited for.
      const outcome = await deployed(runDeploy(rig, folder, []));
      expect(outcome).toMatchObject({ outcome: "unchanged", ready: true });
      const pod = await readyPod(rig, "digits");
      const run = (...command: string[]) =>
        cluster.exec({ pod, container: "kserve-container", command: ["node", "-p", ...command] });
      const who = await run("`${process.getuid()} ${process.getgid()}`");
      expect(who.stdout.trim()).toBe("1000770000 0");
      const tried = await run(
        `["/", "/tmp", process.cwd()].map((dir) => {
          try { fs.writeFileSync(dir + "/tried", ""); return "written"; } catch (error) { return error.code; }
        }).join()`,
      );
      expect(tried.stdout.trim()).toBe("EROFS,written,EROFS");
      const { instances } = await example("digits", "seven");
      await withPort(rig, { name: "digits", port: 8080 }, async (address) => {
        using client = new InferenceClient(`http://${address}`);
        expect(await client.predict("digits", instances)).toEqual([7]);
      });
    });

    it("is rolled out changed without one failed request", async () => {
      const { instances } = await example("digits", "seven");
      await using load = await startLoad(rig, {
        image: CUSTOM_IMAGES.digits,
        url: "http://digits-predictor/v1/models/digits:predict",
        body: JSON.stringify({ instances }),
      });
      await load.untilAnswered(50);
      const folder = await project(digits(CUSTOM_IMAGES.changed));
      const outcome = await deployed(runDeploy(rig, folder, []));
      expect(outcome).toMatchObject({ outcome: "configured", ready: true });
      const answers = await load.untilOnly('{"predictions":[107]}');
      expect(Object.keys(answers).toSorted()).toEqual([
        '200 {"predictions":[107]}',
        '200 {"predictions":[7]}',
      ]);
    });

    it("stands behind a transformer", async () => {
      const { instances } = await example("transformer", "two-one");
      const folder = await project({
        ...digits(CUSTOM_IMAGES.logits),
        name: "shrunk",
        protocolVersion: "v2",
        transformer: { image: CUSTOM_IMAGES.transformer, resources: SIZE },
      });
      expect(await deployed(runDeploy(rig, folder, []))).toMatchObject({ ready: true });
      await withPort(rig, { name: "shrunk", port: 8080, component: "transformer" }, async (address) => {
        using client = new InferenceClient(`http://${address}`);
        // The node's proxy routes to the predictor's Service a moment after its pod is ready.
        const digitsOf = async () =>
          (await client.predict<{ digit: number }[]>("shrunk", instances)).map(({ digit }) => digit);
        await expect.poll(digitsOf, { timeout: 30_000, interval: 500 }).toEqual([2, 1]);
      });
    });
  },
  RESTRICTED,
);

/** Three images as a tensor, and their digits. */
async function threeDigits() {
  const text = await readFile(join(ROOT, "test/fixtures/models/digits-onnx/examples.json"), "utf8");
  const [one] = JSON.parse(text) as {
    readonly v1Request: { readonly instances: number[][][][] };
  }[];
  const values = one?.v1Request.instances.flat(3) ?? [];
  return { pixels: tensor("FP32", [values.length / 784, 1, 28, 28], values), digit: [0] };
}
