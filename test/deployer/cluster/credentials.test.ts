import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { connectCluster } from "../../../deployer/cluster/connect.ts";
import { failureOf } from "./failure-of.ts";
import { type Answerer, type RecordedApi, recordedApi, refuse } from "./recorded-api.ts";

const VERSION: Answerer = () => ({ gitVersion: "v1.34.4" });

/** A user whose credentials a program of Node's prints. */
function plugin(script: string, more: object = {}) {
  return {
    token: undefined,
    exec: {
      apiVersion: "client.authentication.k8s.io/v1",
      command: process.execPath,
      args: ["-e", script],
      ...more,
    },
  };
}

function credential(status: string): string {
  return `console.log(JSON.stringify({ kind: "ExecCredential", status: ${status} }))`;
}

async function sentBy(user: object, answer = VERSION): Promise<RecordedApi["asked"]> {
  await using api = await recordedApi(answer, { user });
  await using cluster = await connectCluster({ kubeconfig: api.kubeconfig, env: process.env });
  await cluster.version();
  await cluster.version();
  return api.asked;
}

function deniedTo(user: object) {
  return recordedApi(VERSION, { user }).then(async (server) => {
    await using api = server;
    await using cluster = await connectCluster({ kubeconfig: api.kubeconfig, env: process.env });
    return await failureOf(cluster.version());
  });
}

function idToken(expiresInSeconds: number): string {
  const claims = { exp: Math.floor(Date.now() / 1000) + expiresInSeconds };
  return `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.sign`;
}

describe("who one is", () => {
  it("is shown by a name and a password, and whom one acts for", async () => {
    const as = { as: "bob", "as-groups": ["a", "b"], "as-uid": "7" };
    const [asked] = await sentBy({ token: undefined, username: "eve", password: "s", ...as });
    expect(asked?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from("eve:s").toString("base64")}`,
      "impersonate-user": "bob",
      "impersonate-group": "a, b",
      "impersonate-uid": "7",
    });
  });

  it("is read from a token's file beside the kubeconfig", async () => {
    await using api = await recordedApi(VERSION, { user: { token: undefined, tokenFile: "token" } });
    await writeFile(join(api.folder, "token"), "from-file\n");
    await using cluster = await connectCluster({ kubeconfig: api.kubeconfig, env: {} });
    await cluster.version();
    expect(api.asked[0]?.headers.authorization).toBe("Bearer from-file");
  });

  it("is asked of a plugin once, which is told the cluster and its own variables", async () => {
    const script = credential(
      "{ token: [process.env.MINE, process.pid, JSON.parse(process.env.KUBERNETES_EXEC_INFO).spec.cluster.server].join() }",
    );
    const user = plugin(script, { env: [{ name: "MINE", value: "x" }], provideClusterInfo: true });
    const [first, second] = await sentBy(user);
    expect(first?.headers.authorization).toMatch(/^Bearer x,\d+,http:\/\/127\.0\.0\.1:\d+$/);
    expect(second?.headers.authorization).toBe(first?.headers.authorization);
  });

  it("is asked of a plugin again when its token has expired, or the server does not take it", async () => {
    const expired = credential('{ token: String(process.pid), expirationTimestamp: "2020-01-01T00:00:00Z" }');
    const [first, second] = await sentBy(plugin(expired));
    expect(second?.headers.authorization).not.toBe(first?.headers.authorization);

    let times = 0;
    const asked = await sentBy(plugin(credential("{ token: String(process.pid) }")), (_, response) => {
      times += 1;
      return times === 1 ? refuse(response, 401, "Unauthorized") : { gitVersion: "v1" };
    });
    expect(asked.length).toBe(3);
    expect(asked[1]?.headers.authorization).not.toBe(asked[0]?.headers.authorization);
  });

  it("is an OIDC provider's token while it is good", async () => {
    const token = idToken(3600);
    const provider = { name: "oidc", config: { "id-token": token } };
    const [asked] = await sentBy({ token: undefined, "auth-provider": provider });
    expect(asked?.headers.authorization).toBe(`Bearer ${token}`);
  });
});

describe("no credentials", () => {
  it("names the command of a plugin that is not installed, with the kubeconfig's own advice", async () => {
    const exec = { command: "no-such-plugin", installHint: "Get it from example.test" };
    const error = await deniedTo({ token: undefined, exec });
    expect(error.code).toBe("KTS_CLUSTER_DENIED");
    expect(error.message).toBe(
      "Cannot log in to the cluster of the context played: the kubeconfig's command no-such-plugin is not installed.",
    );
    expect(error.hint).toBe("Get it from example.test");
  });

  it("gives what a plugin that failed said", async () => {
    const error = await deniedTo(plugin("console.error('session expired'); process.exit(3)"));
    expect(error.message).toMatch(/the kubeconfig's command ".*" failed \(exit code 3\): session expired\.$/);
  });

  it("says that a plugin gave nothing, and not what it gave", async () => {
    const error = await deniedTo(plugin("console.log('s3cret')", { args: ["-p", '"s3" + "cret"'] }));
    expect(error.message).toMatch(/gave no token and no certificate\.$/);
    expect(error.message).not.toContain("s3cret");
  });

  it("says that an OIDC token has expired, and who renews it", async () => {
    const provider = { name: "oidc", config: { "id-token": idToken(-5) } };
    const error = await deniedTo({ token: undefined, "auth-provider": provider });
    expect(error.message).toContain("its OIDC token has expired");
    expect(error.hint).toContain("kubectl --context played");
  });

  it("says that a provider is one of those that are no more", async () => {
    const error = await deniedTo({ token: undefined, "auth-provider": { name: "gcp" } });
    expect(error.message).toContain("its auth-provider is gcp");
  });

  it("names the file of a certificate that is not there", async () => {
    const error = await deniedTo({ "client-certificate": "/nowhere/cert.pem" });
    expect(error.message).toMatch(/Cannot read the client-certificate of the kubeconfig: ENOENT.*cert\.pem/);
  });
});
