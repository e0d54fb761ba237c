import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { connectCluster } from "../../../deployer/cluster/connect.ts";
import { readFacts } from "../../../deployer/cluster/read-facts.ts";
import type { CrdVersion } from "../crd-schema.ts";
import { failureOf } from "./failure-of.ts";
import { recordedApi, refuse } from "./recorded-api.ts";

/** What a cluster has; what is undefined may not be read. */
interface Played {
  readonly kserve?: boolean;
  readonly knative?: boolean;
  /** Image of the controller. */
  readonly controller?: string;
  /** Labels of the controller. */
  readonly labels?: object;
  /** Where the controller and the ConfigMap are. */
  readonly home?: string;
  /** Whether one may look into all namespaces. Default true. */
  readonly everywhere?: boolean;
  readonly config?: Readonly<Record<string, object>>;
  readonly schema?: unknown;
  /** Runtimes by their names, of the cluster; undefined: they may not be listed. */
  readonly runtimes?: Readonly<Record<string, object>>;
}

async function facts(played: Played) {
  const { kserve = true, knative = false, home = "kserve", everywhere = true } = played;
  await using api = await recordedApi(({ path }, response) => {
    const none = () => refuse(response, 404, "the server could not find the requested resource");
    const forbidden = () =>
      refuse(response, 403, `x is forbidden: User "eve" cannot list resource "x"`, "Forbidden");
    if (path === "/apis/serving.kserve.io") return kserve ? {} : none();
    if (path === "/apis/serving.knative.dev") return knative ? {} : none();
    if (/\/(cluster)?servingruntimes/.test(path)) {
      if (played.runtimes === undefined) return forbidden();
      const ofCluster = Object.entries(path.includes("/clusterservingruntimes") ? played.runtimes : {});
      return { metadata: {}, items: ofCluster.map(([name, spec]) => ({ metadata: { name }, spec })) };
    }
    if (path.startsWith("/openapi/"))
      return { components: { schemas: { "io.kserve.InferenceService": played.schema } } };
    const isHome = path.includes(`/namespaces/${home}/`);
    if (!isHome && (path.includes("/namespaces/") || !everywhere)) {
      return forbidden();
    }
    const metadata = { name: "found", namespace: home, labels: played.labels };
    const containers = [
      { name: "proxy", image: "proxy:v9.9.9" },
      { name: "manager", image: played.controller },
    ];
    if (path.includes("/deployments?")) {
      const known = played.controller !== undefined;
      return {
        metadata: {},
        items: known ? [{ metadata, spec: { template: { spec: { containers } } } }] : [],
      };
    }
    const data = Object.entries(played.config ?? {}).map(([key, value]) => [key, JSON.stringify(value)]);
    return {
      metadata: {},
      items: played.config === undefined ? [] : [{ metadata, data: Object.fromEntries(data) }],
    };
  });
  await using cluster = await connectCluster({ kubeconfig: api.kubeconfig, env: {} });
  return await readFacts(cluster);
}

async function schemaOf(version: CrdVersion): Promise<unknown> {
  const file = new URL(`../../fixtures/crds/inferenceservice-v${version}.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(await readFile(file)).toString());
}

const CONTROLLER = "kserve/kserve-controller:v0.15.2";

describe("a cluster's KServe", () => {
  it("is missing where its kinds are", async () => {
    const error = await failureOf(facts({ kserve: false }));
    expect(error.code).toBe("KTS_KSERVE_MISSING");
    expect(error.message).toMatch(/^There is no KServe on the cluster http:.* \(context played\)\.$/);
  });

  it("is described by its controller and its ConfigMap", async () => {
    const config = {
      deploy: { defaultDeploymentMode: "RawDeployment" },
      ingress: { enableGatewayApi: true, ingressDomain: "models.test" },
      credentials: { s3: { s3AccessKeyIDName: "id", s3SecretAccessKeyName: "secret" } },
    };
    expect(await facts({ controller: CONTROLLER, config, knative: true })).toEqual({
      version: [0, 15, 2],
      versionFrom: "image of kserve-controller-manager",
      defaultMode: "Standard",
      hasKnative: true,
      usesGatewayApi: true,
      domain: "models.test",
      s3KeyNames: { accessKeyId: "id", secretAccessKey: "secret" },
      configRead: true,
    });
  });

  it("has runtimes, of which MLServer tells its port", async () => {
    const env = [{ name: "MLSERVER_HTTP_PORT", value: "8085" }];
    const format = { name: "sklearn", version: "1", autoSelect: true, priority: 2 };
    const { runtimes } = await facts({
      controller: CONTROLLER,
      runtimes: {
        ours: {
          protocolVersions: ["v2"],
          supportedModelFormats: [format],
          containers: [{ name: "kserve-container", env }],
        },
        bare: { disabled: true },
      },
    });
    expect(runtimes).toEqual([
      {
        name: "ours",
        isNamespaced: false,
        isUsable: true,
        formats: [{ name: "sklearn", version: "1", isAuto: true, priority: 2 }],
        protocols: ["v2"],
        mlserverPort: 8085,
      },
      { name: "bare", isNamespaced: false, isUsable: false, formats: [], protocols: [] },
    ]);
  });

  it("is found in its usual namespaces where one may not look into all", async () => {
    const found = await facts({ controller: CONTROLLER, config: {}, home: "kubeflow", everywhere: false });
    expect([found.version, found.configRead]).toEqual([[0, 15, 2], true]);
  });

  it("has its version in a label where the image says latest", async () => {
    const labels = { "app.kubernetes.io/version": "v0.16.0" };
    const found = await facts({ controller: "kserve/kserve-controller:latest", labels });
    expect([found.version, found.versionFrom]).toEqual([[0, 16, 0], "label of kserve-controller-manager"]);
  });

  it("has its version in the image of its initializer, by tag and digest", async () => {
    const config = {
      storageInitializer: { image: "host:5000/kserve/storage-initializer:v0.13.1@sha256:00" },
    };
    const found = await facts({ config });
    expect([found.version, found.versionFrom]).toEqual([[0, 13, 1], "image of the storage initializer"]);
  });

  it.each<[CrdVersion, readonly number[]]>([
    ["0.9.0", [0, 9, 0]],
    ["0.11.2", [0, 11, 0]],
    ["0.13.1", [0, 12, 0]],
    ["0.15.2", [0, 15, 0]],
    ["0.20.0", [0, 20, 0]],
  ])("of release %s is known by its fields where nothing else may be read", async (version, least) => {
    const found = await facts({ everywhere: false, home: "elsewhere", schema: await schemaOf(version) });
    expect(found.version).toEqual(least);
    expect(found.versionFrom).toMatch(/^field spec\..* of the InferenceService/);
    expect(found.configRead).toBe(false);
  });

  it("does what KServe ships where its ConfigMap may not be read", async () => {
    const options = { controller: CONTROLLER };
    expect((await facts({ ...options, knative: true })).defaultMode).toBe("Knative");
    expect((await facts(options)).defaultMode).toBe("Standard");
  });

  it("has no version that could be told without any of it", async () => {
    const error = await failureOf(facts({ everywhere: false, home: "elsewhere" }));
    expect(error.code).toBe("KTS_CLUSTER_FAILED");
    expect(error.message).toContain("Cannot tell the version of KServe");
  });
});
