import { describe, expect, it } from "vitest";
import { connectCluster } from "../../../deployer/cluster/connect.ts";
import type { ChosenContext } from "../../../deployer/cluster/pick-context.ts";
import { proxyOf } from "../../../deployer/cluster/proxy.ts";
import { RESOURCES } from "../../../deployer/cluster/resources.ts";
import { selfSigned } from "../../client/self-signed.ts";
import { failureOf } from "./failure-of.ts";
import { type TestProxy, connectProxy, socksProxy } from "./proxies.ts";
import { recordedApi } from "./recorded-api.ts";

function context(server: string, cluster: object = {}): ChosenContext {
  return { name: "c", namespace: "n", server, cluster: { ...cluster }, user: {}, userName: "" };
}

describe("the proxy of a cluster", () => {
  const env = { HTTPS_PROXY: "http://secure:1", HTTP_PROXY: "plain:2" };

  it("is the kubeconfig's, else the environment's", () => {
    const own = { "proxy-url": "socks5://own:3" };
    expect(proxyOf(context("https://api.test", own), env)?.href).toBe("socks5://own:3");
    expect(proxyOf(context("https://api.test"), env)?.host).toBe("secure:1");
    expect(proxyOf(context("http://api.test"), env)?.host).toBe("plain:2");
    expect(proxyOf(context("https://api.test"), { https_proxy: "http://small:4" })?.host).toBe("small:4");
    expect(proxyOf(context("https://api.test"), {})).toBeUndefined();
  });

  it.each([
    ["https://localhost:6443", ""],
    ["https://127.0.0.1:6443", ""],
    ["https://[::1]:6443", ""],
    ["https://api.test", "*"],
    ["https://api.test", "other.test, api.test"],
    ["https://api.eu.test", "eu.test"],
    ["https://api.eu.test", ".eu.test"],
    ["https://api.eu.test", "*.eu.test"],
    ["https://api.test:6443", "api.test:6443"],
    ["https://api.test", "API.test:443"],
    ["https://10.1.2.3:6443", "10.0.0.0/8"],
    ["https://10.1.2.3:6443", "10.1.2.3:6443"],
    ["https://[fd00::1]:6443", "fd00::/8"],
    ["https://[fd00::1]:6443", "[fd00::1]:6443"],
  ])("is not taken for %s with NO_PROXY=%s", (server, noProxy) => {
    expect(proxyOf(context(server), { ...env, NO_PROXY: noProxy })).toBeUndefined();
    expect(proxyOf(context(server), { ...env, no_proxy: noProxy })).toBeUndefined();
  });

  it.each([
    ["https://api.test", "eu.test,xapi.test"],
    ["https://eu.test", ".eu.test"],
    ["https://api.test:6443", "api.test:443"],
    ["https://10.1.2.3", "10.2.0.0/16,10.1.2.3/99,1.2.3"],
    ["https://10.example.test", "10.0.0.0/8"],
    ["https://[fd00::1]", "fe80::/10,10.0.0.0/8"],
  ])("is taken for %s with NO_PROXY=%s", (server, noProxy) => {
    expect(proxyOf(context(server), { ...env, NO_PROXY: noProxy })?.host).toBe("secure:1");
  });

  it("is refused where it is none, without a word of the password in it", () => {
    const bad = () => proxyOf(context("https://api.test", { "proxy-url": "ftp://me:s3cr3t@proxy" }), {});
    expect(bad).toThrow("the proxy-url of the cluster of the context c is no URL of a proxy.");
  });
});

const KINDS = { CONNECT: ["http", connectProxy], SOCKS5: ["socks5", socksProxy] } as const;

describe.each(Object.entries(KINDS))("a cluster behind a proxy by %s", (_, [scheme, start]) => {
  /** An API server that only the proxy knows by its name. */
  async function behind<T>(
    run: (cluster: Awaited<ReturnType<typeof connectCluster>>, proxy: TestProxy) => Promise<T>,
    {
      tls = true,
      login,
      user = login,
      leads = true,
    }: { tls?: boolean; login?: string; user?: string; leads?: boolean } = {},
  ): Promise<T> {
    const cert = selfSigned("api.test");
    let at = 0;
    await using proxy = await start(() => (leads ? { host: "127.0.0.1", port: at } : undefined), login);
    const before = user === undefined ? "" : `${encodeURIComponent(user).replace("%3A", ":")}@`;
    await using api = await recordedApi(
      ({ path }) => ({
        kind: "PodList",
        items: [{ metadata: { name: path.slice(0, 7) } }],
        metadata: { resourceVersion: "1" },
      }),
      {
        ...(tls && { tls: cert }),
        cluster: {
          server: `${tls ? "https" : "http"}://api.test:6443`,
          "proxy-url": `${scheme}://${before}127.0.0.1:${proxy.port}`,
          "certificate-authority-data": Buffer.from(cert.cert).toString("base64"),
        },
      },
    );
    at = Number(new URL(api.url).port);
    await using cluster = await connectCluster({ kubeconfig: api.kubeconfig, env: {} });
    return await run(cluster, proxy);
  }

  it.each([true, false])("is asked over one connection that is kept (TLS: %s)", async (tls) => {
    await behind(
      async (cluster, proxy) => {
        for (let time = 0; time < 3; time++) {
          const { items } = await cluster.list(RESOURCES.pod);
          expect(items[0]?.metadata.name).toBe("/api/v1");
        }
        expect(proxy.asked).toEqual(["api.test:6443"]);
      },
      { tls },
    );
  });

  it("logs in by the URL's name and password", async () => {
    await behind(async (cluster) => expect((await cluster.list(RESOURCES.pod)).items).toHaveLength(1), {
      login: "me:p@ss w/rd",
    });
  });

  it("says when the proxy does not take them, and shows neither", async () => {
    const error = await behind((cluster) => failureOf(cluster.list(RESOURCES.pod)), {
      login: "me:right",
      user: "me:s3cr3t",
    });
    expect(error.code).toBe("KTS_CLUSTER_UNREACHABLE");
    expect(error.message).toMatch(
      /^Cannot reach the cluster https:\/\/api\.test:6443 \(context played\): the proxy \S+:\/\/127\.0\.0\.1:\d+ .*does not know this user\.$/,
    );
    expect(error.message).not.toContain("s3cr3t");
  });

  it("says when the proxy refuses", async () => {
    const error = await behind((cluster) => failureOf(cluster.list(RESOURCES.pod)), { leads: false });
    expect(error.message).toMatch(
      /the proxy \S+ (refuses to connect to api\.test:6443: 403|was asked for api\.test:6443 and does not allow it)/,
    );
  });

  it("says when the proxy is not there, and not that the cluster is not", async () => {
    const own = { server: "https://api.test", "proxy-url": `${scheme}://127.0.0.1:1` };
    await using api = await recordedApi(() => ({}), { cluster: own });
    await using cluster = await connectCluster({ kubeconfig: api.kubeconfig, env: {} });
    const error = await failureOf(cluster.list(RESOURCES.pod));
    expect(error.message).toMatch(/the proxy \S+:\/\/127\.0\.0\.1:1 is not reached: connect ECONNREFUSED/);
  });

  it("checks the server's certificate, not the proxy's word", async () => {
    const cert = selfSigned("other.test");
    let at = 0;
    await using proxy = await start(() => ({ host: "127.0.0.1", port: at }));
    await using api = await recordedApi(() => ({}), {
      tls: cert,
      cluster: {
        server: "https://api.test:6443",
        "proxy-url": `${scheme}://127.0.0.1:${proxy.port}`,
        "certificate-authority-data": Buffer.from(cert.cert).toString("base64"),
      },
    });
    at = Number(new URL(api.url).port);
    await using cluster = await connectCluster({ kubeconfig: api.kubeconfig, env: {} });
    const error = await failureOf(cluster.list(RESOURCES.pod));
    expect(error.message).toContain("its certificate is for another name");
  });
});
