import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { InferenceClient } from "../../client/index.ts";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import { ROOT, folderWith } from "../cli/run-cli.ts";
import { deployed, runDeploy, withPort } from "./deploy-verb.ts";
import { type MakePlace, type ModelPlace, ociPlace, pvcPlace, s3Place } from "./model-places.ts";
import { describeWithCluster } from "./rig.ts";

/** The places as the tests' names call them. */
const PLACES = new Map([
  [s3Place, "S3"],
  [pvcPlace, "a claim"],
  [ociPlace, "an image"],
]);

/** Less than the stock runtimes ask for, so that one fits beside the cluster on two cores. */
export const RUNTIME_SIZE = {
  requests: { cpu: "200m", memory: "512Mi" },
  limits: { cpu: "2", memory: "2Gi" },
};

/** An example of test/fixtures/models. */
interface Example {
  readonly name: string;
  readonly v1Request: { readonly instances: unknown[] };
  readonly v1Response: { readonly predictions: unknown };
  readonly v2Request: object;
  readonly v2Response: { readonly outputs: readonly { readonly data: readonly number[] }[] };
  readonly tolerance: number;
}

/** A model of test/fixtures/models, and the runtime that is to serve it. */
export interface StandardModel {
  /** Its folder. */
  readonly fixture: string;
  /** What is deployed, below that. Default `model`. */
  readonly path?: string;
  /** The InferenceService's name. Default `iris`. */
  readonly name?: string;
  /** Where it lies. Default: an S3 server, which `deploy` uploads it to. */
  readonly place?: MakePlace;
  readonly predictor: "sklearn" | "xgboost" | "pytorch" | "tensorflow";
  /** The archive of the runtime's image, made where it is not there yet. */
  readonly runtimeImage: () => Promise<string>;
  /** The runtime by its name. Default: KServe picks it. */
  readonly runtime?: string;
  /** Further settings of `deploy`. */
  readonly settings?: object;
  /** The predictor's answers to an example, and those that are expected. */
  readonly ask: (
    client: InferenceClient,
    name: string,
    example: Example,
  ) => Promise<[got: number[], expected: number[]]>;
}

/** Asks over V2. */
export const askV2: StandardModel["ask"] = async (client, name, { v2Request, v2Response }) => {
  const { bytes } = await client.send(`/v2/models/${name}/infer`, JSON.stringify(v2Request));
  const { outputs } = JSON.parse(new TextDecoder().decode(bytes)) as Example["v2Response"];
  return [[...(outputs[0]?.data ?? [])], [...(v2Response.outputs[0]?.data ?? [])]];
};

/** Asks over V1. */
export const askV1: StandardModel["ask"] = async (client, name, { v1Request, v1Response }) => {
  const got = await client.predict<unknown[]>(name, v1Request.instances);
  return [[got].flat(9) as number[], [v1Response.predictions].flat(9) as number[]];
};

/**
 * The tests of a standard model: `deploy` puts it where it is to lie, KServe brings it to the real runtime with the
 * credentials that `deploy` wrote, and the answers are the fixture's.
 */
export function describeStandardModel({
  fixture,
  path = "model",
  name = "iris",
  place: makePlace = s3Place,
  predictor,
  runtimeImage,
  runtime,
  settings,
  ask,
}: StandardModel): void {
  describeWithCluster(
    `a plain ${predictor} model, by ${PLACES.get(makePlace)} to a ready service`,
    (rig) => {
      const { kubeconfig, namespace, loadImage } = rig;
      const source = join(ROOT, "test/fixtures/models", fixture);
      const held = new AsyncDisposableStack();
      afterAll(() => held.disposeAsync());
      let place: ModelPlace;
      let folder: string;
      beforeAll(async () => {
        await loadImage(await runtimeImage());
        place = held.use(await makePlace(rig, name, join(source, path)));
        const config = {
          deploy: {
            name,
            predictor,
            model: { uri: place.uri ?? join(source, path), runtime },
            resources: RUNTIME_SIZE,
            ...settings,
          },
          targets: { cluster: place.target },
        };
        folder = held.use(await folderWith({ "kserve.config.json": JSON.stringify(config) })).path;
      });
      const deploy = () => runDeploy(rig, folder, [], place.env);

      it("is uploaded, fetched and ready", async () => {
        const ended = await deploy();
        const outcome = await deployed(Promise.resolve(ended));
        expect(outcome).toMatchObject({ outcome: "created", ready: true });
        const uploadedTo = place.uri === undefined ? outcome.storageUri : undefined;
        if (place.secret !== undefined) expect(ended.stdout + ended.stderr).not.toContain(place.secret);
        await using cluster = await connectCluster({ kubeconfig, namespace, env: process.env });
        const service = await cluster.get(RESOURCES.inferenceService, { name });
        const { predictor: served } = service?.["spec"] as { predictor: { model: { storageUri: string } } };
        expect(served.model.storageUri).toMatch(place.storageUri);
        expect(uploadedTo ?? served.model.storageUri).toBe(served.model.storageUri);
        const labels = `serving.kserve.io/inferenceservice=${name}`;
        const { items } = await cluster.list(RESOURCES.pod, { labels });
        const spec = items[0]?.["spec"] as {
          readonly initContainers?: readonly { readonly image: string }[];
        };
        expect((spec.initContainers ?? []).map(({ image }) => image)).toEqual(place.fetchedBy);
      });

      it("answers as the library that trained it", async () => {
        const text = await readFile(join(source, "examples.json"), "utf8");
        await withPort(rig, { name, port: 8080 }, async (address) => {
          using client = new InferenceClient(`http://${address}`);
          for (const example of JSON.parse(text) as Example[]) {
            const [got, expected] = await ask(client, name, example);
            expect(got.length, example.name).toBe(expected.length);
            got.forEach((value, at) => {
              const wanted = expected[at] as number;
              const error = Math.abs(value - wanted);
              expect(error, `${example.name}[${at}]`).toBeLessThanOrEqual(
                example.tolerance * (1 + Math.abs(wanted)),
              );
            });
          }
        });
      });

      it("is left alone by a second deploy", async () => {
        expect(await deployed(deploy())).toMatchObject({ outcome: "unchanged", ready: true });
      });
    },
    { loadsImages: true },
  );
}
