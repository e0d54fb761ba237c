import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, expect, it } from "vitest";
import { connectCluster } from "../../deployer/cluster/connect.ts";
import { reachService } from "../../deployer/reach/reach-service.ts";
import { ROOT, folderWith, runCli } from "../cli/run-cli.ts";
import { applyService, echo } from "./applied-service.ts";
import { CUSTOM_IMAGES, loadCustomImages } from "./custom-images.ts";
import { describeWithCluster } from "./rig.ts";

const EXAMPLES = `${ROOT}examples/digits/examples`;

describeWithCluster(
  "kserve-ts predict in a cluster",
  ({ kubeconfig, namespace, loadImage }) => {
    const flags = ["--service", "numbers", "--kubeconfig", kubeconfig, "-n", namespace];
    const connect = () => connectCluster({ kubeconfig, namespace, env: process.env });

    beforeAll(async () => {
      await loadCustomImages(["digits"], loadImage);
      await using cluster = await connect();
      const args = ["--model_name=digits"];
      await applyService(cluster, "numbers", { predictor: echo(args, CUSTOM_IMAGES.digits) }, "Ready");
      await applyService(cluster, "twofold", { predictor: echo(), transformer: echo() }, "Ready");
    });

    it("asks by V1 through a port-forward, by the name that the server is told", async () => {
      const { stdout, stderr, exitCode } = await runCli([
        "predict",
        "--verbose",
        "-i",
        `${EXAMPLES}/seven.json`,
        ...flags,
      ]);
      expect({ stdout, exitCode }).toEqual({ stdout: '{"predictions":[7]}\n', exitCode: 0 });
      expect(stderr).toMatch(/^not by url, as /);
      expect(stderr).toMatch(/\nnumbers is asked by port-forward at http:\/\/127\.0\.0\.1:\d+\n$/);
    });

    it.each(["v2", "v2-binary", "grpc"])("asks by %s through a port-forward", async (protocol) => {
      const body = ["-i", `${EXAMPLES}/v2-three.json`, "--protocol", protocol];
      const { stdout, stderr, exitCode } = await runCli(["predict", ...body, ...flags]);
      expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
      expect(JSON.parse(stdout)).toMatchObject({
        model_name: "digits",
        outputs: [{ name: "digit", data: [3] }],
      });
    });

    it("tests the examples of a project over every protocol", async () => {
      const { stdout, exitCode } = await runCli(["test", `${ROOT}examples/digits`, ...flags]);
      expect(stdout).toContain("the service numbers: 4 examples\n");
      expect(stdout).toMatch(/ examples\/v2-three\.json +pass +pass +pass +pass *$/m);
      expect(exitCode).toBe(0);
    });

    it("asks the ingress of a target by the service's host", async () => {
      // An ingress with one route, which answers itself.
      const seven = await readFile(`${EXAMPLES}/seven.json`);
      const server = createServer((request, response) => {
        const isRoute = request.headers.host === `numbers-${namespace}.example.com`;
        response.writeHead(isRoute ? 200 : 404, { "content-type": "application/json" });
        response.end(isRoute ? '{"predictions":["by ingress"]}' : "{}");
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const config = { deploy: { name: "numbers" }, targets: { here: { namespace, baseUrl } } };
      await using folder = await folderWith({ "kserve.config.json": JSON.stringify(config) });
      const words = ["predict", "--target", "here", "--kubeconfig", kubeconfig, "-i", "-"];
      const options = { cwd: folder.path, input: String(seven) };
      try {
        const { stdout } = await runCli(words, options);
        expect(stdout).toBe('{"predictions":["by ingress"]}\n');
      } finally {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
      // It is gone now: that the config file's way is not taken is said.
      const after = await runCli(words, options);
      expect(after.stdout).toBe('{"predictions":[7]}\n');
      expect(after.stderr).toMatch(/^not by ingress, as 127\.0\.0\.1:\d+ refuses connections\n$/);
    });

    it("says why the way that was chosen leads nowhere", async () => {
      const words = ["predict", "-i", `${EXAMPLES}/seven.json`, ...flags, "--via"];
      const [url, ingress] = await Promise.all([runCli([...words, "url"]), runCli([...words, "ingress"])]);
      expect(url.stderr).toMatch(/^error: numbers is not reached by url: not by url, as /);
      expect(ingress.stderr).toMatch(/^error: numbers is not reached by ingress: no baseUrl/);
      expect([url.exitCode, ingress.exitCode]).toEqual([6, 6]);
    });

    it("reaches the transformer where there is one", async () => {
      await using cluster = await connect();
      await using service = await reachService(cluster, "twofold", { via: "port-forward" });
      const body = JSON.stringify({ instances: [1] });
      const answer = await fetch(`${service.url}/v1/models/${service.modelName}:predict`, {
        method: "POST",
        body,
      });
      expect(answer.headers.get("via")).toBe("transformer");
      expect(await answer.json()).toEqual({ predictions: [1] });
    });
  },
  { loadsImages: true },
);
