import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import { folderWith } from "../cli/run-cli.ts";
import { connectProxy, socksProxy } from "../deployer/cluster/proxies.ts";
import { startEchoPod } from "./echo-pod.ts";
import { describeWithCluster } from "./rig.ts";

const PROXIES = { http: connectProxy, socks5: socksProxy } as const;

describeWithCluster(
  "a cluster behind a proxy",
  ({ kubeconfig, namespace }) => {
    const of = { pod: "echo", container: "main" };

    beforeAll(async () => {
      await using cluster = await connectCluster({ kubeconfig, namespace, env: process.env });
      await startEchoPod(cluster, namespace);
    });

    it.each(Object.entries(PROXIES))(
      "is asked, watched, and its pods reached through it (%s)",
      async (scheme, start) => {
        await using proxy = await start((host, port) => ({ host, port }));
        const config = parse(await readFile(kubeconfig, "utf8")) as { clusters: { cluster: object }[] };
        const clusters = config.clusters.map((entry) => ({
          ...entry,
          cluster: { ...entry.cluster, "proxy-url": `${scheme}://127.0.0.1:${proxy.port}` },
        }));
        await using folder = await folderWith({});
        const proxied = join(folder.path, "kubeconfig");
        await writeFile(proxied, stringify({ ...config, clusters }));
        await using cluster = await connectCluster({ kubeconfig: proxied, namespace, env: process.env });
        expect(await cluster.version()).toMatch(/^v1\./);

        const stop = new AbortController();
        const { resourceVersion } = await cluster.list(RESOURCES.configMap);
        const watching = (async () => {
          for await (const { object } of cluster.watch(
            RESOURCES.configMap,
            { resourceVersion },
            stop.signal,
          )) {
            if (object.metadata.name === `by-${scheme}`) return object["data"];
          }
          return undefined;
        })();
        const manifest = {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: `by-${scheme}`, namespace },
        };
        await cluster.apply(RESOURCES.configMap, { ...manifest, data: { a: "b" } });
        expect(await watching).toEqual({ a: "b" });
        stop.abort();

        const { exitCode, stderr } = await cluster.exec({ ...of, command: ["/echo", "--fail=1"] });
        expect([exitCode, stderr.includes("told to fail")]).toEqual([1, true]);
        expect(await cluster.logs(of)).not.toBe("");

        await using port = await cluster.forwardPort({ name: "echo" }, 8080);
        const body = JSON.stringify({ instances: ["x".repeat(2_000_000)] });
        const url = `http://127.0.0.1:${port.localPort}/v1/models/m:predict`;
        const answer = await (await fetch(url, { method: "POST", body })).text();
        expect(answer.length).toBeGreaterThan(2_000_000);
        // None of it went another way.
        expect(proxy.asked.length).toBeGreaterThan(2);
        expect(new Set(proxy.asked)).toEqual(new Set([new URL(cluster.server).host]));
      },
    );
  },
  { loadsImages: true },
);
