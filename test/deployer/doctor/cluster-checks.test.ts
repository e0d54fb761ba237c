import { describe, expect, it } from "vitest";
import { connectCluster } from "../../../deployer/cluster/connect.ts";
import type { KserveFacts } from "../../../deployer/cluster/facts.ts";
import { layerDeployment } from "../../../deployer/config/layers.ts";
import { parseDeployFile } from "../../../deployer/config/parse.ts";
import { examineCluster } from "../../../deployer/doctor/cluster-checks.ts";
import { SHIPPED_FACTS } from "../../../deployer/steps/plan.ts";
import { type Answerer, recordedApi, refuse } from "../cluster/recorded-api.ts";

/** What an API server has, by path without the query. */
type Has = Readonly<Record<string, object>>;

const NOTHING = { items: [], metadata: { resourceVersion: "1" } };

/** Answers with what there is; what is not there is a list without items, or 404. */
const having =
  (has: Has): Answerer =>
  ({ path }, response) => {
    const [name = ""] = path.split("?");
    const found = has[name];
    if (found !== undefined) return found;
    if (name === "/version") return { gitVersion: "v1.34.4" };
    if (
      /\/(\w+)$/.test(name) &&
      !/\/namespaces\/[^/]+\/\w+\/[^/]+$/.test(name) &&
      !name.includes("/ingressclasses/")
    )
      return NOTHING;
    refuse(response, 404, "not found", "NotFound");
    return undefined;
  };

interface Look {
  readonly answer: Answerer;
  readonly config?: object;
  readonly facts?: Partial<KserveFacts>;
}

/** What one check finds. */
async function finding(check: string, { answer, config = {}, facts = {} }: Look) {
  await using api = await recordedApi(answer);
  await using cluster = await connectCluster({ kubeconfig: api.kubeconfig, env: {} });
  const file = parseDeployFile({ deploy: { name: "digits", image: "a/b:1" }, ...config }, "f");
  const { settings, target, graphs } = layerDeployment({ file, folderName: "digits" });
  const subject = {
    ...{ cluster, namespace: "team-a", settings, target, graphs, env: {} },
    facts: async () => ({ ...SHIPPED_FACTS, ...facts }),
  };
  const found = await examineCluster(subject, { timeoutMs: 20_000 }, [check]);
  return { ...found[0], asked: api.asked };
}

const CONFIG_MAP = "/api/v1/namespaces/kserve/configmaps/inferenceservice-config";
const ingressConfig = (ingress: object): Has => ({
  [CONFIG_MAP]: { metadata: { name: "inferenceservice-config" }, data: { ingress: JSON.stringify(ingress) } },
});
const GATEWAY = "/apis/gateway.networking.k8s.io/v1/namespaces/gw/gateways/main";
const CLASS = "/apis/networking.k8s.io/v1/ingressclasses/nginx";

describe("the doctor's look at how traffic comes in", () => {
  const look = (has: Has, facts: Partial<KserveFacts> = {}) =>
    finding("ingress", { answer: having(has), facts });

  it("leaves Knative's own to Knative, and a ConfigMap that is not there alone", async () => {
    expect(await look({}, { defaultMode: "Knative" })).toMatchObject({ status: "skipped" });
    expect(await look({})).toMatchObject({
      status: "skipped",
      message: "the ConfigMap kserve/inferenceservice-config, which says how traffic comes in, is not there",
    });
  });

  it("warns where KServe makes no ingress, and says what predict does then", async () => {
    expect(await look(ingressConfig({ disableIngressCreation: true }))).toMatchObject({
      status: "warn",
      message: "KServe makes no ingress here, so services have no way in from outside",
      fix: expect.stringMatching(/^kserve-ts predict --target goes through a port-forward/) as string,
    });
  });

  it("names the class of ingresses and where they are, and warns of one that is not there", async () => {
    const config = ingressConfig({ ingressClassName: "nginx", ingressDomain: "models.test" });
    const ingress = (name: string, ip: string) => ({
      metadata: { name },
      spec: { ingressClassName: name },
      status: { loadBalancer: { ingress: [{ ip }] } },
    });
    const items = [ingress("nginx", "10.0.0.7"), ingress("nginx", "10.0.0.7"), ingress("istio", "10.0.0.8")];
    const has = {
      ...config,
      [CLASS]: { metadata: { name: "nginx" } },
      "/apis/networking.k8s.io/v1/namespaces/team-a/ingresses": { ...NOTHING, items },
    };
    expect(await look(has)).toMatchObject({
      status: "ok",
      message: "ingresses are of the class nginx at 10.0.0.7; hosts end in models.test",
    });
    expect(await look(config)).toMatchObject({
      status: "warn",
      message: "KServe's ingresses are of the class nginx, and there is no such class",
    });
  });

  it("warns of the domain that KServe ships", async () => {
    expect(await look(ingressConfig({}))).toMatchObject({
      status: "warn",
      message: expect.stringMatching(
        /default class; hosts end in example\.com, .* resolves nowhere$/,
      ) as string,
      fix: expect.stringContaining("baseUrl") as string,
    });
  });

  it("looks for the Gateway of the Gateway API, and its address", async () => {
    const config = ingressConfig({ kserveIngressGateway: "gw/main", ingressDomain: "models.test" });
    const gateway = (status: object) => ({ ...config, [GATEWAY]: { metadata: { name: "main" }, status } });
    const facts = { usesGatewayApi: true };
    expect(await look(config, facts)).toMatchObject({
      status: "fail",
      message: "there is no Gateway gw/main, which KServe's routes hang on",
    });
    expect(await look(gateway({}), facts)).toMatchObject({
      status: "warn",
      message: "the Gateway gw/main has no address yet",
      fix: expect.stringContaining("kubectl -n gw describe gateway main") as string,
    });
    expect(await look(gateway({ addresses: [{ value: "10.0.0.9" }] }), facts)).toMatchObject({
      status: "ok",
      message: "the Gateway gw/main is at 10.0.0.9; hosts end in models.test",
    });
  });
});

interface Review {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
}

/** Answers whether one may do something. */
const allowing =
  (isAllowed: (review: Review) => boolean): Answerer =>
  ({ body }) => {
    const { spec } = JSON.parse(body) as { spec: { resourceAttributes: Review } };
    return { kind: "SelfSubjectAccessReview", status: { allowed: isAllowed(spec.resourceAttributes) } };
  };

describe("the doctor's look at permissions", () => {
  it("finds all of them there", async () => {
    const { status, message, asked } = await finding("permissions", { answer: allowing(() => true) });
    expect([status, message]).toEqual(["ok", `all ${asked.length} permissions are there in team-a`]);
  });

  it("warns where verbs beside deploy would not work, with a Role of just that", async () => {
    const found = await finding("permissions", {
      answer: allowing(
        ({ resource, subresource }) => !(resource === "pods" && subresource === "portforward"),
      ),
    });
    expect(found).toMatchObject({
      status: "warn",
      message: expect.stringMatching(
        /^1 of \d+ permissions are missing in team-a: create pods\/portforward \(predict through a port-forward\)$/,
      ) as string,
      details: [
        "apiVersion: rbac.authorization.k8s.io/v1",
        "kind: Role",
        "metadata:",
        "  name: kserve-ts",
        "  namespace: team-a",
        "rules:",
        ...(found.details?.slice(6) ?? []),
      ],
    });
    expect(found.details?.join("\n")).toMatch(/resources: \["pods\/portforward"\]\n +verbs: \["create"\]/);
  });

  it("fails where deploy would not work", async () => {
    const found = await finding("permissions", {
      answer: allowing(
        ({ group, verb }) => group !== "serving.kserve.io" || ["get", "list", "watch"].includes(verb),
      ),
    });
    expect(found.status).toBe("fail");
    expect(found.message).toContain("patch inferenceservices.serving.kserve.io (deploy)");
    expect(found.details?.join("\n")).not.toContain('"watch"');
  });

  it("asks for Secrets and ServiceAccounts where credentials are to be kept, for graphs, and for exec where a claim is the store", async () => {
    const nobody = { answer: allowing(() => false) };
    const plain = await finding("permissions", nobody);
    expect(plain.message).not.toMatch(/secrets|serviceaccounts|exec/);
    expect(plain.message).not.toContain("inferencegraphs");
    const graphs = { pipe: { nodes: { root: { sequence: ["digits"] } } } };
    const piped = await finding("permissions", { ...nobody, config: { graphs } });
    expect(piped.message).toContain("create inferencegraphs.serving.kserve.io (deploy, for the graphs)");
    const config = {
      deploy: { name: "digits", predictor: "sklearn", model: "s3://models/b", secret: { hf_token: "t" } },
      targets: { here: { store: "pvc://claim/models" } },
    };
    const { message } = await finding("permissions", { ...nobody, config });
    expect(message).toContain("create secrets (deploy, for the credentials)");
    expect(message).toContain("patch serviceaccounts (deploy, for the credentials)");
    expect(message).toContain("create pods/exec (deploy, to write into the claim)");
  });
});

describe("the doctor's look at webhooks and quotas", () => {
  it("fails where a webhook is not reached, and says where to look", async () => {
    const words =
      'Internal error occurred: failed calling webhook "inferenceservice.kserve-webhook-server.defaulter": failed to call webhook: Post "https://kserve-webhook-server-service.kserve.svc:443/mutate": dial tcp 10.96.0.9:443: connect: connection refused';
    const answer: Answerer = ({ method, path }, response) => {
      expect([method, path.includes("dryRun=All")]).toEqual(["PATCH", true]);
      refuse(response, 500, words, "InternalError");
    };
    expect(await finding("webhook", { answer })).toMatchObject({
      status: "fail",
      message: expect.stringContaining("webhook") as string,
      fix: expect.stringContaining("kubectl -n kserve get pods") as string,
    });
  });

  it("is skipped where one may not ask them", async () => {
    const answer: Answerer = (_, response) =>
      refuse(
        response,
        403,
        'inferenceservices.serving.kserve.io "kserve-ts-doctor" is forbidden: User "me" cannot patch resource',
        "Forbidden",
      );
    expect(await finding("webhook", { answer })).toMatchObject({ status: "skipped" });
  });

  it("counts a quota in its own amounts: near its end, used up, with room", async () => {
    const quota = (used: object) =>
      finding("quota", {
        answer: having({
          "/api/v1/namespaces/team-a/resourcequotas": {
            ...NOTHING,
            items: [
              { metadata: { name: "small" }, status: { hard: { "requests.cpu": "2", pods: "10" }, used } },
            ],
          },
        }),
      });
    expect(await quota({ "requests.cpu": "1900m", pods: "3" })).toMatchObject({
      status: "warn",
      message: "a quota of namespace team-a is near its end: small: requests.cpu 1900m of 2",
    });
    expect(await quota({ "requests.cpu": "500m", pods: "10" })).toMatchObject({
      status: "warn",
      message: "a quota of namespace team-a is used up: small: pods 10 of 10",
    });
    expect(await quota({ "requests.cpu": "500m", pods: "3" })).toMatchObject({
      status: "ok",
      message: "there is room in the quota small",
    });
    expect(await finding("quota", { answer: having({}) })).toMatchObject({
      status: "ok",
      message: "namespace team-a has no quota",
    });
  });
});
