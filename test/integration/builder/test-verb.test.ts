import { afterAll, expect, it } from "vitest";
import { folderWith, runCli } from "../../cli/run-cli.ts";
import { describeWithRig } from "../docker/with-rig.ts";
import { ownImage } from "./own-image.ts";

/** A server that has V1 alone, and doubles. */
const SERVER = `
const { createServer } = require("node:http");
createServer(async (request, response) => {
  let text = "";
  for await (const part of request) text += part;
  const routes = {
    "/v1/models": () => ({ models: ["double"] }),
    "/v1/models/double:predict": () => ({ predictions: JSON.parse(text).instances.map((value) => value * 2) }),
  };
  const answer = routes[request.url];
  response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
  response.end(JSON.stringify(answer === undefined ? { error: "not found" } : answer()));
}).listen(8080, "0.0.0.0", () => console.log("ready after 1 ms"));`;

describeWithRig("kserve-ts test --image", ({ dockerHost, publishesPorts }) => {
  const { name: image, env, build, containers: left, remove } = ownImage("test-verb", dockerHost);
  afterAll(remove);

  it.skipIf(!publishesPorts)(
    "tests an image as a cluster would run it, and removes its container",
    async () => {
      await build(SERVER);
      await using project = await folderWith({
        "examples/a.json": '{"instances": [1, 2]}',
        "examples/a.expected.json": "[2, 4]",
        "examples/b.json": '{"instances": [3]}',
        "examples/b.expected.json": "[7]",
      });
      const { stdout, stderr, exitCode } = await runCli(["test", project.path, "--image", image], { env });
      expect(stderr).toBe("");
      expect(stdout).toContain(`the image ${image}: 2 examples`);
      expect(stdout).toContain("  examples/a.json  pass  n/a   n/a        n/a\n");
      expect(stdout).toContain("  predictions[0]  expected 7  got 6  off by 1\n");
      expect(exitCode).toBe(1);
      expect(await left()).toBe(0);
    },
  );

  it("tells how a container ended by itself, and of an image that is not there", async () => {
    await build("console.error('no model'); process.exit(4)");
    await using project = await folderWith({ "examples/a.json": '{"instances": [1]}' });
    const ended = await runCli(["test", project.path, "--image", image], { env });
    expect(ended.stderr).toMatch(/ended with exit code 4\n {2}no model/);
    expect(ended.exitCode).toBe(8);
    const missing = await runCli(["test", project.path, "--image", "no-such-image:1"], { env });
    expect(missing.stderr).toContain("the engine has no image no-such-image:1");
    expect(await left()).toBe(0);
  });
});
