import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { deployIfGood } from "../../../examples/deploy-step/deploy-step.ts";

const file = (path: string) => readFile(new URL(`../../../${path}`, import.meta.url), "utf8");

describe("the deploy step of somebody's pipeline", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("is the one that the documentation shows", async () => {
    const [page, step] = await Promise.all([
      file("docs/14-deploying.md"),
      file("examples/deploy-step/deploy-step.ts"),
    ]);
    expect(page).toContain(`\`\`\`ts\n${step}\`\`\``);
  });

  it("deploys nothing that is not good enough", async () => {
    vi.stubEnv("KUBECONFIG", "/nowhere/kubeconfig");
    expect(await deployIfGood(0.94)).toBeUndefined();
    expect(await deployIfGood(0.94, 0.95)).toBeUndefined();
  });

  it("goes to the cluster with what is", async () => {
    vi.stubEnv("KUBECONFIG", "/nowhere/kubeconfig");
    await expect(deployIfGood(0.95)).rejects.toMatchObject({ code: "KTS_CLUSTER_UNREACHABLE" });
  });
});
