import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Cluster } from "../../deployer/cluster/cluster.ts";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import { type Ended, ROOT, folderWith, runCli } from "../cli/run-cli.ts";
import { useRealInitializer } from "./real-initializer.ts";
import { describeWithCluster } from "./rig.ts";
import { type S3Server, startS3Server } from "./s3-server.ts";

/** Of the right length, and nobody's. */
const WRONG = { id: "e2e-nobody-0815", key: "e2e-wrong-key-of-the-store-4711" };

const RESOURCES_OF_ECHO = {
  requests: { cpu: "20m", memory: "32Mi" },
  limits: { cpu: "1", memory: "64Mi" },
};

/** All that a namespace keeps, but Secrets. */
const KINDS = [
  RESOURCES.inferenceService,
  RESOURCES.deployment,
  RESOURCES.replicaSet,
  RESOURCES.pod,
  RESOURCES.service,
  RESOURCES.serviceAccount,
  RESOURCES.configMap,
  RESOURCES.event,
] as const;

describeWithCluster(
  "the credentials of a deployment",
  (rig) => {
    const { kubeconfig, namespace } = rig;
    const held = new AsyncDisposableStack();
    afterAll(() => held.disposeAsync());
    let store: S3Server;
    let cluster: Cluster;
    /** Everything that was printed. */
    const printed: string[] = [];
    let storageUri = "";

    beforeAll(async () => {
      held.use(await useRealInitializer(rig));
      store = held.use(await startS3Server(rig));
      cluster = held.use(await connectCluster({ kubeconfig, namespace, env: process.env }));
      // The model is fetched as for any runtime; what serves it does not matter here.
      await cluster.create(RESOURCES.servingRuntime, {
        apiVersion: "serving.kserve.io/v1alpha1",
        kind: "ServingRuntime",
        metadata: { name: "echo-sklearn", namespace },
        spec: {
          supportedModelFormats: [{ name: "sklearn", version: "1" }],
          protocolVersions: ["v1"],
          containers: [
            { name: "kserve-container", image: "localhost/echo:testbed", args: ["--model_name=iris"] },
          ],
        },
      });
    });

    /** Calls a verb with a config file of its own, and keeps what it prints. */
    const run = async (
      verb: string,
      words: readonly string[],
      { id, key, name = "iris", uri }: { id: string; key: string; name?: string; uri?: string },
    ): Promise<Ended> => {
      const config = {
        deploy: {
          name,
          predictor: "sklearn",
          model: {
            uri: uri ?? join(ROOT, "test/fixtures/models/iris-sklearn/model"),
            runtime: "echo-sklearn",
          },
          resources: RESOURCES_OF_ECHO,
        },
        targets: {
          cluster: {
            store: `s3://${store.bucket}/teams/e2e`,
            secret: {
              aws_access_key_id: id,
              aws_secret_access_key: "@key.txt",
              s3_endpoint: store.endpointOfPods,
              s3_use_https: false,
            },
          },
        },
      };
      await using folder = await folderWith({
        "kserve.config.json": JSON.stringify(config),
        "key.txt": `${key}\n`,
      });
      const ended = await runCli([verb, ...words, "--kubeconfig", kubeconfig, "-n", namespace], {
        cwd: folder.path,
        env: { AWS_ENDPOINT_URL_S3: store.endpointHere },
      });
      printed.push(`${verb} ${words.join(" ")}`, ended.stdout, ended.stderr);
      return ended;
    };
    const right = () => ({ id: store.accessKeyId, key: store.secretAccessKey });

    it("bring a model up, and every verb tells of it", async () => {
      const plan = await run("deploy", ["--dry-run", "-o", "yaml"], right());
      expect(plan.stdout).toContain("kind: Secret");
      const { stdout, stderr, exitCode } = await run("deploy", ["--verbose", "-o", "json"], right());
      expect(exitCode, stderr).toBe(0);
      ({ storageUri } = JSON.parse(stdout) as { storageUri: string });
      const verbs: (readonly [string, ...string[]])[] = [
        ["deploy"],
        ["diff"],
        ["list"],
        ["list", "-o", "json"],
        ["describe"],
        ["describe", "-o", "yaml"],
        ["get-url"],
        ["logs"],
        ["logs", "-o", "json"],
        ["doctor", "-o", "json"],
      ];
      for (const [verb, ...words] of verbs) {
        const ended = await run(verb, words, right());
        expect(ended.stdout + ended.stderr, verb).not.toMatch(/^error:/m);
      }
    });

    it("are compared when they are others, and named by their keys alone", async () => {
      const { stdout, exitCode } = await run("diff", [], WRONG);
      expect(exitCode).toBe(1);
      expect(stdout).toMatch(/hidden, before/);
    });

    it("end a deployment whose store refuses them, with the reason", async () => {
      const wrongKey = await run("deploy", ["--verbose"], { ...right(), key: WRONG.key, name: "refused" });
      expect(wrongKey.exitCode).not.toBe(0);
      expect(wrongKey.stderr).toMatch(/^error: The store at \S+ refuses the secret access key/m);
      const nobody = await run("deploy", ["--verbose"], { ...WRONG, name: "refused" });
      expect(nobody.exitCode).not.toBe(0);
      const doctor = await run("doctor", ["--only", "storage"], WRONG);
      expect(doctor.exitCode).toBe(1);
    });

    it("end a deployment whose pod cannot fetch the model, with what its initializer says", async () => {
      const uri = storageUri;
      for (const [name, reason, credentials] of [
        ["wrong-key", "the credentials may not read it", { ...right(), key: WRONG.key }],
        // To whom the store does not know it says that there is no such bucket.
        ["nobody", "there is no model at that URI", WRONG],
      ] as const) {
        const { stdout, stderr, exitCode } = await run("deploy", ["--verbose"], {
          ...credentials,
          name,
          uri,
        });
        expect([stdout, exitCode], stderr).toEqual(["", 11]);
        expect(stderr).toMatch(
          new RegExp(`^error: ${name} does not come up: The model s3://models/\\S+ `, "m"),
        );
        expect(stderr).toContain(reason);
        expect(stderr).not.toContain("[object Object]");
        await run("describe", [], { ...credentials, name, uri });
        await run("logs", [], { ...credentials, name, uri });
      }
    });

    it("end a deployment of a model that is not there, as such", async () => {
      const uri = `s3://${store.bucket}/teams/e2e/nosuch`;
      const { stderr, exitCode } = await run("deploy", [], { ...right(), name: "nosuch", uri });
      expect(exitCode, stderr).toBe(11);
      expect(stderr).toMatch(
        /^error: nosuch does not come up: The model s3:\/\/models\/teams\/e2e\/nosuch /m,
      );
    });

    it("are in no output, log, event or object, but the Secrets themselves", async () => {
      const seen = new Map([["what was printed", printed.join("\n")]]);
      for (const kind of KINDS) {
        const { items } = await cluster.list(kind, {});
        // The store's own pod knows its keys.
        const others = items.filter(({ metadata }) => metadata.name !== "s3");
        if (kind.kind !== "ConfigMap") expect(others, kind.kind).not.toEqual([]);
        seen.set(kind.kind, JSON.stringify(others));
        if (kind !== RESOURCES.pod) continue;
        for (const { metadata, spec } of others as unknown as readonly PodShape[]) {
          for (const { name: container } of [...(spec.initContainers ?? []), ...spec.containers]) {
            const query = { pod: metadata.name, container };
            const lines = await cluster.logs(query).catch(() => "");
            const before = await cluster.logs({ ...query, previous: true }).catch(() => "");
            seen.set(`log of ${metadata.name} ${container}`, lines + before);
          }
        }
      }
      const secrets = JSON.stringify((await cluster.list(RESOURCES.secret, {})).items);
      const values = [store.accessKeyId, store.secretAccessKey, WRONG.id, WRONG.key];
      for (const value of values) {
        const base64 = Buffer.from(value).toString("base64");
        // The search finds them where they are to be.
        expect(secrets).toContain(base64);
        for (const [where, text] of seen) {
          for (const form of [value, base64, base64.replace(/=+$/, ""), value.slice(0, 14)]) {
            expect(text.includes(form), `${form} in ${where}: ${around(text, form)}`).toBe(false);
          }
        }
      }
      expect([...seen.values()].join("\n")).toMatch(/storage-initializer/);
    });
  },
  { loadsImages: true },
);

interface PodShape {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly initContainers?: readonly { readonly name: string }[];
    readonly containers: readonly { readonly name: string }[];
  };
}

function around(text: string, form: string): string {
  const at = text.indexOf(form);
  return at === -1 ? "" : text.slice(Math.max(0, at - 200), at + 60);
}
