import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectCluster } from "../../../deployer/cluster/connect.ts";
import { inPod } from "../../../deployer/cluster/in-pod.ts";
import { failureOf } from "./failure-of.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kts-kubeconfig-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Writes a kubeconfig with a cluster, a user and a context for each name. */
async function written(file: string, names: readonly string[], current?: string): Promise<string> {
  const path = join(folder, file);
  await mkdir(join(path, ".."), { recursive: true });
  const config = {
    ...(current !== undefined && { "current-context": current }),
    clusters: names.map((name) => ({ name, cluster: { server: `https://${name}.of.${file}:6443/` } })),
    users: names.map((name) => ({ name, user: { token: "t" } })),
    contexts: names.map((name) => ({ name, context: { cluster: name, user: name } })),
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

describe("which cluster is meant", () => {
  it("is that of the current context, in the namespace default", async () => {
    const kubeconfig = await written("a", ["dev", "prod"], "prod");
    await using cluster = await connectCluster({ kubeconfig, env: {} });
    expect([cluster.context, cluster.server, cluster.namespace]).toEqual([
      "prod",
      "https://prod.of.a:6443",
      "default",
    ]);
  });

  it("is that of the context and the namespace that are named", async () => {
    const kubeconfig = await written("a", ["dev", "prod"], "prod");
    await using cluster = await connectCluster({ kubeconfig, context: "dev", namespace: "team", env: {} });
    expect([cluster.context, cluster.namespace]).toEqual(["dev", "team"]);
  });

  it("is found in ~/.kube/config when nothing else is said", async () => {
    await written(".kube/config", ["home"], "home");
    await using cluster = await connectCluster({ env: { HOME: folder } });
    expect(cluster.context).toBe("home");
  });

  it("is found in the files of KUBECONFIG, of which the first to say something wins and one may be missing", async () => {
    const first = await written("first", ["dev"]);
    const second = await written("second", ["dev", "prod"], "prod");
    const KUBECONFIG = [join(folder, "missing"), first, second].join(delimiter);
    await using current = await connectCluster({ env: { KUBECONFIG } });
    expect(current.server).toBe("https://prod.of.second:6443");
    await using dev = await connectCluster({ context: "dev", env: { KUBECONFIG } });
    expect(dev.server).toBe("https://dev.of.first:6443");
  });

  it("is the one around it in a pod", async () => {
    await writeFile(join(folder, "token"), "t");
    await writeFile(join(folder, "namespace"), "team-a\n");
    const env = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };
    const context = await inPod(env, folder);
    expect([context?.name, context?.server, context?.namespace]).toEqual([
      "in-cluster",
      "https://[fd00::1]:443",
      "team-a",
    ]);
    expect(await inPod({}, folder)).toBeUndefined();
  });
});

describe("no cluster that could be meant", () => {
  it("suggests the context that a mistyped one is near to", async () => {
    const kubeconfig = await written("a", ["staging", "prod"], "prod");
    const error = await failureOf(connectCluster({ kubeconfig, context: "stagin", env: {} }));
    expect(error.code).toBe("KTS_CLUSTER_UNREACHABLE");
    expect(error.message).toBe(`There is no context stagin in ${kubeconfig}. Did you mean staging?`);
    expect(error.hint).toBe("There are: staging, prod.");
  });

  it("suggests the long name that a part of was typed", async () => {
    const kubeconfig = await written("a", ["arn:aws:eks:eu-west-1:1:cluster/digits", "prod"], "prod");
    const error = await failureOf(connectCluster({ kubeconfig, context: "digits", env: {} }));
    expect(error.message).toContain("Did you mean arn:aws:eks:eu-west-1:1:cluster/digits?");
  });

  it("says that there is no kubeconfig", async () => {
    const error = await failureOf(connectCluster({ env: { HOME: folder } }));
    expect(error.message).toBe("No cluster is named: there is no kubeconfig.");
  });

  it("says that the file that is named is not there", async () => {
    const error = await failureOf(connectCluster({ kubeconfig: join(folder, "none"), env: {} }));
    expect(error.message).toBe(`Cannot read the kubeconfig ${join(folder, "none")}: there is no such file.`);
  });

  it("says that there is no current context, and which there are", async () => {
    const kubeconfig = await written("a", ["dev", "prod"]);
    const error = await failureOf(connectCluster({ kubeconfig, env: {} }));
    expect(error.message).toBe(`No cluster is named: ${kubeconfig} has no current context.`);
    expect(error.hint).toBe("Choose one with --context: dev, prod.");
  });

  it("names what a context lacks", async () => {
    const kubeconfig = join(folder, "broken");
    const contexts = [{ name: "a", context: { cluster: "gone", user: "u" } }];
    await writeFile(kubeconfig, JSON.stringify({ contexts }));
    const error = await failureOf(connectCluster({ kubeconfig, context: "a", env: {} }));
    expect(error.message).toBe(
      'The kubeconfig is not whole: the context a names the cluster "gone", which is not there.',
    );
  });

  it("names the line of a file that is no YAML, and nothing that stands there", async () => {
    const kubeconfig = join(folder, "broken");
    await writeFile(kubeconfig, 'users:\n- name: a\n  user: {token: "s3cret\n');
    const error = await failureOf(connectCluster({ kubeconfig, env: {} }));
    expect(error.message).toMatch(/is no kubeconfig: line \d is not YAML\.$/);
    expect(JSON.stringify([error.message, error.hint, error.stack])).not.toContain("s3cret");
  });
});
