import { afterAll, expect, it } from "vitest";
import { Cli, type RunOptions, folderWith, runCli } from "../cli/run-cli.ts";
import { describeWithCluster } from "./rig.ts";

/** A small server of Go that speaks V1 and V2; every node of the testbed has it. */
const ECHO = "localhost/echo:testbed";
const SMALL = ["--cpu", "50m", "--memory", "64Mi"];
const NEVER_READY = ["--set", 'args=["--http_port=9999"]'];

describeWithCluster(
  "deploy and diff",
  (rig) => {
    const folders = new AsyncDisposableStack();
    afterAll(() => folders.disposeAsync());
    const where = () => ["--kubeconfig", rig.kubeconfig, "-n", rig.namespace];
    const kserve = async (verb: string, args: readonly string[], options?: RunOptions) => {
      const { path } = folders.use(await folderWith({}));
      return runCli([verb, path, ...where(), ...args], options);
    };
    const echo = ["--name", "echo", "--image", ECHO, ...SMALL];

    it("shows what there is not yet, and ends with 1", async () => {
      const { stdout, exitCode } = await kserve("diff", echo);
      expect(stdout).toMatch(
        /^--- \/dev\/null\n\+\+\+ deploy\/\S+\/InferenceService\/echo\n@@ -0,0 \+1,\d+ @@\n/,
      );
      expect(exitCode).toBe(1);
    });

    it("brings an image up, and says where it answers", async () => {
      const { stdout, stderr, exitCode } = await kserve("deploy", echo);
      expect(exitCode, stderr).toBe(0);
      expect(stdout).toMatch(
        new RegExp(
          `^echo in ${rig.namespace}: created, ready \\([\\d.]+ s\\)\n  http://echo-\\S+\n\nAsk it:\n  curl http://echo-\\S+/v1/models/echo\n$`,
        ),
      );
      expect(stderr).toMatch(/^warning: localhost\/echo:testbed is in no registry/);
      expect(stderr).toMatch(/^pod echo-predictor-\S+: Running, ready$/m);
      expect(stderr).toMatch(/^Ready is True$/m);
    });

    it("calls it unchanged the next time, and finds no difference", async () => {
      const [deployed, same] = await Promise.all([
        kserve("deploy", [...echo, "-o", "json"]),
        kserve("diff", echo),
      ]);
      expect(JSON.parse(deployed.stdout)).toMatchObject({ name: "echo", outcome: "unchanged", ready: true });
      expect({ stdout: same.stdout, exitCode: same.exitCode }).toEqual({ stdout: "", exitCode: 0 });
    });

    it("shows a difference without the server's bookkeeping", async () => {
      const { stdout, exitCode } = await kserve("diff", [...echo, "--set", "labels.team=ml"]);
      expect(exitCode).toBe(1);
      expect(stdout.split("\n").filter((line) => /^[-+] /.test(line))).toEqual(["+    team: ml"]);
    });

    it("hides the values of secrets, be they written, shown or compared", async () => {
      const secret = [
        "aws_access_key_id=AKIAEXAMPLE",
        "aws_secret_access_key=s3cr3t-1",
        "s3_endpoint=minio:9000",
      ];
      const args = [...echo, ...secret.flatMap((pair) => ["--set", `secret.${pair}`])];
      const results = [
        await kserve("diff", args),
        await kserve("deploy", [...args, "-o", "json"]),
        await kserve("diff", [...args, "--set", "secret.aws_secret_access_key=s3cr3t-2"]),
      ];
      expect(results.map(({ exitCode }) => exitCode)).toEqual([1, 0, 1]);
      const text = results.map(({ stdout, stderr }) => stdout + stderr).join("");
      for (const value of ["AKIAEXAMPLE", "s3cr3t"]) {
        expect(text).not.toContain(value);
        expect(text).not.toContain(Buffer.from(value).toString("base64").slice(0, 8));
      }
      expect(results[2]?.stdout).toMatch(/-.*\(hidden, before\)\n.*\+.*\(hidden, after\)/s);
      expect(JSON.parse(results[1]?.stdout ?? "")).toMatchObject({
        objects: [
          { kind: "Secret", outcome: "created" },
          { kind: "ServiceAccount", outcome: "created" },
          { kind: "InferenceService", outcome: "configured" },
        ],
      });
    });

    it("starts again what was stopped, and says so, be anything else changed or not", async () => {
      const stopped = () => runCli(["stop", "echo", ...where()]);
      expect((await stopped()).exitCode).toBe(0);
      const diff = await kserve("diff", echo);
      expect(diff.stdout).toMatch(/^- +serving\.kserve\.io\/stop: "true"$/m);
      expect(diff.exitCode).toBe(1);
      const warning = "warning: echo is stopped: deploying it starts it again.\n";
      const same = await kserve("deploy", [...echo, "-o", "json"]);
      expect(same.stderr).toContain(warning);
      expect(JSON.parse(same.stdout)).toMatchObject({ outcome: "configured", ready: true });
      expect((await stopped()).exitCode).toBe(0);
      const changed = [...echo, "--set", "labels.team=ml"];
      const other = await kserve("deploy", [...changed, "-o", "json"]);
      expect(other.stderr).toContain(warning);
      expect(JSON.parse(other.stdout)).toMatchObject({ outcome: "configured", ready: true });
      const again = await kserve("deploy", [...changed, "-o", "json"]);
      expect(again.stderr).not.toContain("stopped");
      expect(JSON.parse(again.stdout)).toMatchObject({ outcome: "unchanged", ready: true });
    });

    it("ends with the cause where an image cannot be had, and goes back with --atomic", async () => {
      const args = ["--name", "echo", "--image", "localhost/nosuch:1", ...SMALL];
      const { stdout, stderr, exitCode } = await kserve("deploy", [...args, "--atomic"]);
      expect([stdout, exitCode]).toEqual(["", 11]);
      expect(stderr).toMatch(
        /^error: echo does not come up: The image localhost\/nosuch:1 .* cannot be pulled/m,
      );
      expect(stderr).toMatch(/^The spec of .+ is back and ready\.$/m);
      expect((await kserve("diff", args)).stdout).toContain(`-        image: ${ECHO}\n`);
    });

    it("says how to go on when Ctrl-C ends the waiting, and leaves the cluster as it is", async () => {
      const { path } = folders.use(await folderWith({}));
      const args = ["deploy", path, ...where(), "--name", "slow", "--image", ECHO, ...SMALL, ...NEVER_READY];
      await using cli = new Cli(args);
      await cli.until("stderr", /^pod slow-predictor-\S+: Running$/m);
      cli.signal("SIGINT");
      const { stdout, stderr, exitCode } = await cli.ended;
      expect([stdout, exitCode]).toEqual(["", 130]);
      expect(stderr).toContain("the rollout of slow goes on by itself");
      expect(stderr).toMatch(/kserve-ts describe slow --context \S+ -n \S+/);
      const again = await kserve("deploy", [
        "--name",
        "slow",
        "--image",
        ECHO,
        ...SMALL,
        ...NEVER_READY,
        "--no-wait",
      ]);
      expect(again.stdout).toMatch(/slow in \S+: unchanged, applied, and nobody waits for it/);
    });
  },
  { loadsImages: true },
);
