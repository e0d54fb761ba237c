import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Cluster } from "../../../deployer/cluster/cluster.ts";
import { connectCluster } from "../../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../../deployer/cluster/resources.ts";
import { selfSigned } from "../../client/self-signed.ts";
import { failureOf } from "./failure-of.ts";
import { type Answerer, type ApiSetup, type RecordedApi, recordedApi, refuse } from "./recorded-api.ts";

const SERVICE = {
  apiVersion: "serving.kserve.io/v1beta1",
  kind: "InferenceService",
  metadata: { name: "digits", namespace: "team-a" },
};

/** Runs something against a server that answers so. */
async function against<T>(
  answer: Answerer,
  run: (cluster: Cluster, api: RecordedApi) => Promise<T>,
  setup: ApiSetup = {},
): Promise<T> {
  await using api = await recordedApi(answer, setup);
  await using cluster = await connectCluster({ kubeconfig: api.kubeconfig, env: process.env });
  return await run(cluster, api);
}

function applying(status: number, message: string, reason?: string) {
  return against(
    (_, response) => refuse(response, status, message, reason),
    (cluster) => failureOf(cluster.apply(RESOURCES.inferenceService, SERVICE)),
  );
}

describe("what is sent", () => {
  it("applies as the field manager kserve-ts, strictly, and gives on what the server warns of", async () => {
    await against(
      (_, response) => {
        response.setHeader("warning", ['299 - "unknown field \\"spec.x\\""', '299 - "it is old", 299 - "b"']);
        return SERVICE;
      },
      async (cluster, { asked }) => {
        const { object, warnings } = await cluster.apply(RESOURCES.inferenceService, SERVICE, {
          dryRun: true,
        });
        expect(object).toEqual(SERVICE);
        expect(warnings).toEqual(['unknown field "spec.x"', "it is old", "b"]);
        const [request] = asked;
        expect(request?.method).toBe("PATCH");
        expect(request?.path).toBe(
          "/apis/serving.kserve.io/v1beta1/namespaces/team-a/inferenceservices/digits" +
            "?fieldManager=kserve-ts&fieldValidation=Strict&force=true&dryRun=All",
        );
        expect(request?.headers["content-type"]).toBe("application/apply-patch+yaml");
        expect(request?.headers.authorization).toBe("Bearer letmein");
        expect(JSON.parse(request?.body ?? "")).toEqual(SERVICE);
      },
    );
  });

  it("lists page by page, and names each object's kind", async () => {
    await against(
      ({ path }) =>
        path.includes("continue=")
          ? { metadata: { resourceVersion: "7" }, items: [{ metadata: { name: "b" } }] }
          : { metadata: { resourceVersion: "7", continue: "more" }, items: [{ metadata: { name: "a" } }] },
      async (cluster) => {
        const { items, resourceVersion } = await cluster.list(RESOURCES.pod, { labels: "a=b" });
        expect(items.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(["Pod a", "Pod b"]);
        expect(resourceVersion).toBe("7");
      },
    );
  });

  it("takes a name that leads elsewhere for none", async () => {
    await against(
      () => ({}),
      async (cluster, { asked }) => {
        const error = await failureOf(cluster.get(RESOURCES.pod, { name: ".." }));
        expect(error.code).toBe("KTS_CLUSTER_REFUSED");
        expect(asked).toEqual([]);
      },
    );
  });
});

describe("what is not there", () => {
  it("is undefined, none, or false, be it for want of its kind", async () => {
    await against(
      (_, response) => refuse(response, 404, "the server could not find the requested resource", "NotFound"),
      async (cluster) => {
        expect(await cluster.get(RESOURCES.knativeService, { name: "a" })).toBeUndefined();
        expect(await cluster.list(RESOURCES.knativeService)).toEqual({ items: [], resourceVersion: "" });
        expect(await cluster.delete(RESOURCES.knativeService, { name: "a" })).toBe(false);
      },
    );
  });

  it("is refused when it is a namespace that something is applied to, or the kind itself", async () => {
    const namespace = await applying(404, 'namespaces "team-a" not found', "NotFound");
    expect([namespace.code, namespace.hint]).toEqual([
      "KTS_CLUSTER_REFUSED",
      "Create the namespace first (kubectl create namespace), or name another with --namespace.",
    ]);
    const kind = await applying(404, "the server could not find the requested resource", "NotFound");
    expect(kind.hint).toContain("The cluster does not know this kind");
  });
});

describe("refusals, in the server's words", () => {
  it("denies who is not logged in", async () => {
    const error = await applying(401, "Unauthorized", "Unauthorized");
    expect(error.code).toBe("KTS_CLUSTER_DENIED");
    expect(error.message).toMatch(/does not know who you are \(Unauthorized\)\.$/);
    expect(error.hint).toContain("Log in again for the context played");
  });

  it("names the verb, the resource, the namespace and the user of a permission that lacks", async () => {
    const words =
      'inferenceservices.serving.kserve.io "digits" is forbidden: User "eve" cannot patch resource ' +
      '"inferenceservices" in API group "serving.kserve.io" in the namespace "team-a"';
    const error = await applying(403, words, "Forbidden");
    expect(error.code).toBe("KTS_CLUSTER_DENIED");
    expect(error.message).toBe(`Cannot apply InferenceService digits in the namespace team-a: ${words}`);
  });

  it("gives a webhook's sentence", async () => {
    const hook = "inferenceservice.kserve-webhook-server.validator";
    const error = await applying(
      403,
      `admission webhook "${hook}" denied the request: [kpa] is not a supported autoscaler class type`,
      "Forbidden",
    );
    expect(error.code).toBe("KTS_CLUSTER_REFUSED");
    expect(error.message).toBe(
      "Cannot apply InferenceService digits in the namespace team-a: [kpa] is not a supported autoscaler class " +
        `type (says the webhook ${hook}).`,
    );
  });

  it("says what the panic of KServe's defaulter means", async () => {
    const error = await applying(
      500,
      'admission webhook "inferenceservice.kserve-webhook-server.defaulter" denied the request: ' +
        "panic: runtime error: index out of range [0] with length 0 [recovered]",
    );
    expect(error.code).toBe("KTS_CLUSTER_REFUSED");
    expect(error.message).not.toContain("panic");
    expect(error.message).toContain("a predictor that holds neither a model nor a container");
  });

  it.each([
    [
      403,
      'pods "a" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
      /quota raised/,
    ],
    [
      403,
      'pods "a" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
      /security context/,
    ],
    [403, "unable to create new content in namespace a because it is being terminated", /being deleted/],
    [422, 'InferenceService "digits" is invalid: spec.predictor.minReplicas: Invalid value', /Change what/],
    [400, 'strict decoding error: unknown field "spec.x"', /does not know that field/],
    [409, "Apply failed with 1 conflict", /at the same time/],
    [
      500,
      "failed to create typed patch object (a/b; v1, Kind=X): .spec.x: field not declared in schema",
      /that field/,
    ],
  ])("takes %i %s for a refusal", async (status, words, hint) => {
    const error = await applying(status, words);
    expect(error.code).toBe("KTS_CLUSTER_REFUSED");
    expect(error.status).toBe(status);
    expect(error.hint).toMatch(hint);
  });

  it("takes a webhook that does not answer for a failure of the cluster", async () => {
    const words = 'Internal error occurred: failed calling webhook "x": connect: connection refused';
    const error = await applying(500, words, "InternalError");
    expect([error.code, error.message.endsWith(words)]).toEqual(["KTS_CLUSTER_FAILED", true]);
    expect(error.hint).toContain("kserve-controller-manager");
  });

  it("does not take a proxy's page for an API server's answer", async () => {
    const page: Answerer = (_, response) => void response.writeHead(200).end("<html>Sign in</html>");
    const error = await against(page, (cluster) => failureOf(cluster.version()));
    expect(error.message).toContain("is no Kubernetes API server: its answer is not JSON");
  });
});

describe("trying again", () => {
  it("reads once more when the connection broke off", async () => {
    let times = 0;
    const answer: Answerer = (_, response) => {
      times += 1;
      if (times <= 2) return void response.socket?.resetAndDestroy();
      return { gitVersion: "v1.34.4" };
    };
    expect(await against(answer, (cluster) => cluster.version())).toBe("v1.34.4");
    expect(times).toBe(3);
  });

  it("does not create twice", async () => {
    const reset: Answerer = (_, response) => void response.socket?.resetAndDestroy();
    await against(reset, async (cluster, { asked }) => {
      const error = await failureOf(cluster.create(RESOURCES.inferenceService, SERVICE));
      expect(error.code).toBe("KTS_CLUSTER_UNREACHABLE");
      expect(asked.length).toBe(1);
    });
  });

  it("waits as long as a server that is busy asks it to", async () => {
    const times: number[] = [];
    const answer: Answerer = (_, response) => {
      times.push(performance.now());
      if (times.length > 1) return SERVICE;
      response.setHeader("retry-after", "1");
      return refuse(response, 429, "too many requests");
    };
    await against(answer, (cluster) => cluster.create(RESOURCES.inferenceService, SERVICE));
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it("ends with the signal's reason when it is aborted", async () => {
    const reason = new Error("enough");
    const silent: Answerer = () => undefined;
    await against(silent, async (cluster) => {
      const stop = new AbortController();
      const asked = cluster.version(stop.signal);
      await sleep(50);
      stop.abort(reason);
      await expect(asked).rejects.toBe(reason);
    });
  });
});

describe("a server that cannot be reached", () => {
  const DIGITS: Answerer = () => ({ gitVersion: "v1.34.4" });

  it("is told with its URL, the context and the reason", async () => {
    const api = await recordedApi(DIGITS);
    await using cluster = await connectCluster({ kubeconfig: api.kubeconfig, env: {} });
    await api[Symbol.asyncDispose]();
    const error = await failureOf(cluster.version());
    expect(error.code).toBe("KTS_CLUSTER_UNREACHABLE");
    expect(error.message).toBe(
      `Cannot reach the cluster ${api.url} (context played): nothing accepts connections there.`,
    );
  });

  it("speaks over TLS that the kubeconfig's authority vouches for, by another name than its address", async () => {
    const tls = selfSigned("api.test");
    const cluster = {
      "certificate-authority-data": Buffer.from(tls.cert).toString("base64"),
      "tls-server-name": "api.test",
    };
    expect(await against(DIGITS, (connected) => connected.version(), { tls, cluster })).toBe("v1.34.4");
  });

  it.each([
    ["signed by an authority that is not known", selfSigned("api.test"), {}, "fetch the credentials again"],
    ["for another name", selfSigned("api.test"), { trusted: true }, "tls-server-name"],
    ["expired", selfSigned("api.test", 48), { trusted: true, name: "api.test" }, "clock"],
  ])(
    "has a certificate that is %s",
    async (why, tls, { trusted, name }: { trusted?: true; name?: string }, hint) => {
      const cluster = {
        ...(trusted && { "certificate-authority-data": Buffer.from(tls.cert).toString("base64") }),
        ...(name !== undefined && { "tls-server-name": name }),
      };
      const error = await against(DIGITS, (connected) => failureOf(connected.version()), { tls, cluster });
      expect(error.code).toBe("KTS_CLUSTER_UNREACHABLE");
      expect(error.message).toContain(why);
      expect(error.hint).toContain(hint);
    },
  );

  it("does not speak TLS where the URL says so", async () => {
    await using api = await recordedApi(DIGITS);
    await using tls = await recordedApi(DIGITS, { cluster: { server: api.url.replace("http:", "https:") } });
    await using cluster = await connectCluster({ kubeconfig: tls.kubeconfig, env: {} });
    expect((await failureOf(cluster.version())).message).toContain("it does not speak TLS");
  });
});
