import { describe, expect, it } from "vitest";
import { CHECK_NAMES } from "../../../cli/doctor/check-names.ts";
import { MACHINE_CHECKS } from "../../../cli/doctor/machine-checks.ts";
import { CLUSTER_CHECKS } from "../../../deployer/doctor/cluster-checks.ts";
import { folderWith, runCli } from "../run-cli.ts";

const KUBECONFIG = JSON.stringify({
  apiVersion: "v1",
  kind: "Config",
  "current-context": "gone",
  contexts: [{ name: "gone", context: { cluster: "gone", user: "me" } }],
  clusters: [{ name: "gone", cluster: { server: "http://127.0.0.1:1" } }],
  users: [{ name: "me", user: {} }],
});

describe("kserve-ts doctor", () => {
  it("has a name for each check, in their order", () => {
    const checks = [...MACHINE_CHECKS, { name: "context" }, ...CLUSTER_CHECKS];
    expect(checks.map(({ name }) => name)).toEqual([...CHECK_NAMES]);
  });

  it("ends with 1 where the API server does not answer, and skips what it would be asked", async () => {
    await using folder = await folderWith({ kubeconfig: KUBECONFIG });
    const { stdout, exitCode } = await runCli(["doctor", "--kubeconfig", "kubeconfig", "-o", "json"], {
      cwd: folder.path,
    });
    const { ok, findings } = JSON.parse(stdout) as {
      ok: boolean;
      findings: { check: string; status: string; message: string }[];
    };
    const statusOf = Object.fromEntries(findings.map(({ check, status }) => [check, status]));
    expect(statusOf).toMatchObject({
      node: "ok",
      context: "ok",
      api: "fail",
      permissions: "skipped",
      quota: "skipped",
    });
    expect(findings.find(({ check }) => check === "kserve")?.message).toBe("the API server does not answer");
    expect({ ok, exitCode }).toEqual({ ok: false, exitCode: 1 });
  });

  it("ends with 1 where there is no such context, and says what to do about it", async () => {
    await using folder = await folderWith({ kubeconfig: KUBECONFIG });
    const words = ["doctor", "--kubeconfig", "kubeconfig", "--context", "nope", "--only", "context,api"];
    const { stdout, exitCode } = await runCli(words, { cwd: folder.path });
    expect(stdout).toMatch(/^fail +context +.*nope/);
    expect(stdout).toMatch(/\n +fix: /);
    expect(stdout).toMatch(/\nskipped +api +there is no cluster\n$/);
    expect(exitCode).toBe(1);
  });

  it("makes the checks alone that are asked for", async () => {
    const { stdout, exitCode } = await runCli(["doctor", "--only", "node"]);
    expect(stdout).toMatch(/^ok +node +Node v\d+\.\d+\.\d+ on \w+ \w+\n$/);
    expect(exitCode).toBe(0);
  });
});
