import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import { followServiceLogs } from "../../deployer/logs/follow-service-logs.ts";
import { Cli, runCli } from "../cli/run-cli.ts";
import { applyService, echo } from "./applied-service.ts";
import { describeWithCluster } from "./rig.ts";

describeWithCluster("kserve-ts logs", ({ kubeconfig, namespace }) => {
  const flags = ["--kubeconfig", kubeconfig, "-n", namespace];
  const env = { KUBECONFIG: kubeconfig };
  const connect = () => connectCluster({ kubeconfig, namespace, env: process.env });

  beforeAll(async () => {
    await using cluster = await connect();
    await applyService(cluster, "talks", { predictor: echo(), transformer: echo() }, "Ready");
    await applyService(cluster, "crashes", { predictor: echo(["--fail"]) });
    // KServe does not know of a restart; the pod does.
    for (;;) {
      const { items } = await cluster.list(RESOURCES.pod, {
        labels: "serving.kserve.io/inferenceservice=crashes",
      });
      if (JSON.stringify(items).includes('"lastState":{"terminated"')) break;
      await sleep(200);
    }
  });

  it("shows the lines of all pods, each behind its pod's name", async () => {
    const { stdout, exitCode } = await runCli(["logs", "talks", ...flags]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^\[predictor-\S+\] .*model/m);
    expect(stdout).toMatch(/^\[transformer-\S+\] .*model/m);
  });

  it("takes one component alone, and so many lines", async () => {
    const { stdout } = await runCli(["logs", "talks", ...flags, "--component", "predictor", "--tail", "1"]);
    expect(stdout.trimEnd().split("\n")).toEqual([expect.stringMatching(/^\[predictor-/)]);
  });

  it("gives lines as objects, with their times", async () => {
    const { stdout } = await runCli(["logs", "talks", ...flags, "-o", "json", "--component", "transformer"]);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({
      pod: expect.stringMatching(/^talks-transformer-/),
      component: "transformer",
      container: "kserve-container",
      previous: false,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
  });

  it("shows what a container wrote before it was restarted, under a heading of its own", async () => {
    // A node forgets the run before the last while a container waits for its next start.
    const all = async () => (await runCli(["logs", "crashes", ...flags])).stdout;
    await expect
      .poll(all, { timeout: 90_000, interval: 1000 })
      .toMatch(/ --- previous run: exit code 1 \(Error\), \d+ restarts? so far ---\n.*told to fail/);
    const only = await runCli(["logs", "crashes", ...flags, "--previous", "-o", "json"]);
    expect(only.stdout).toMatch(/^\{.*"previous":true.*"text":".*told to fail"\}\n$/);
    const without = await runCli(["logs", "crashes", ...flags, "--no-previous"]);
    expect(without.stdout).not.toContain("previous run");
  });

  it("names the containers there are where one is asked for that is not", async () => {
    const { stderr, exitCode } = await runCli(["logs", "talks", ...flags, "--container", "server"]);
    expect(stderr).toBe("error: no pod has a container server\nhint: There are kserve-container.\n");
    expect(exitCode).toBe(2);
  });

  it("says which service is not there", async () => {
    const { stderr, exitCode } = await runCli(["logs", "nobody", ...flags]);
    expect(stderr).toMatch(/^error: there is no InferenceService nobody in namespace /);
    expect(exitCode).toBe(3);
  });

  it("follows pods that come, says what they wait for, and ends with 0 by Ctrl-C", async () => {
    await using cluster = await connect();
    await applyService(cluster, "grows", { predictor: echo() }, "Ready");
    await using cli = new Cli(["logs", "grows", "-f", "-o", "json", ...flags], { env });
    const [, first] = await cli.until("stdout", /"pod":"(grows-predictor-\S+?)"/);
    await cluster.delete(RESOURCES.pod, { name: first as string });
    const another = new RegExp(`"pod":"(?!${first})(grows-predictor-\\S+?)"`);
    const [, second] = await cli.until("stdout", another);
    expect(second).not.toBe(first);
    await cli.until("stderr", /it waits: (?:Pending|ContainerCreating|Unschedulable)/);
    cli.signal("SIGINT");
    expect((await cli.ended).exitCode).toBe(0);
  });

  it("follows a container over its restarts, each line once", async () => {
    await using cluster = await connect();
    const args = ["--fail"];
    await applyService(cluster, "again", { predictor: echo(args) });
    const seen: string[] = [];
    for await (const line of followServiceLogs(cluster, "again", { follow: true })) {
      if (line.kind !== "line") continue;
      seen.push(`${line.time} ${line.text}`);
      if (seen.length === 3) break;
    }
    expect(new Set(seen).size).toBe(3);
    for (const line of seen) expect(line).toMatch(/told to fail$/);
  });

  it("ends by itself when the service that is followed is deleted", async () => {
    await using cluster = await connect();
    await applyService(cluster, "leaves", { predictor: echo() }, "Ready");
    const notes: string[] = [];
    for await (const line of followServiceLogs(cluster, "leaves", { follow: true })) {
      if (line.kind === "note") notes.push(line.text);
      if (line.kind === "line" && notes.push("line") > 0) {
        await cluster.delete(RESOURCES.inferenceService, { name: "leaves" });
      }
    }
    expect(notes.at(-1)).toBe("leaves has been deleted");
  });
});
