import { afterAll, expect, it } from "vitest";
import { Cli } from "../../cli/run-cli.ts";
import { describeWithRig } from "../docker/with-rig.ts";
import { ownImage } from "./own-image.ts";

const SERVER = `require("node:http").createServer((request, response) => response.end(process.env.WORD))
  .listen(8080, "0.0.0.0", () => console.log("ready after 1 ms"));
process.on("SIGTERM", () => { console.log("drains"); process.exit(0); });`;

describeWithRig("kserve-ts run", ({ dockerHost, publishesPorts }) => {
  const { name: image, env, build, containers: left, remove } = ownImage("run", dockerHost);
  afterAll(remove);

  it.skipIf(!publishesPorts)("publishes the ports on loopback, and Ctrl-C stops and removes it", async () => {
    await build(SERVER);
    await using cli = new Cli(
      ["run", image, "--http-port", "0", "--grpc-port", "0", "--env", "WORD=hello", "-o", "json"],
      { env },
    );
    const [line] = await cli.until("stdout", /^\{.*\}$/m);
    const { http } = JSON.parse(line) as { http: string };
    expect(await (await fetch(http)).text()).toBe("hello");
    cli.signal("SIGINT");
    const { exitCode, stderr } = await cli.ended;
    expect(exitCode).toBe(0);
    expect(stderr).toContain("drains");
    expect(await left()).toBe(0);
  });

  it("tells how a container ended by itself", async () => {
    await build("console.error('no model'); process.exit(4)");
    await using cli = new Cli(["run", image, "--http-port", "0", "--grpc-port", "0"], { env });
    const { exitCode, stderr } = await cli.ended;
    expect(stderr).toMatch(/ended with exit code 4\n {2}no model/);
    expect(exitCode).toBe(8);
    expect(await left()).toBe(0);
  });

  it("names an image that is not there, and an engine that does not run", async () => {
    await using missing = new Cli(["run", "no-such-image:1"], { env });
    expect((await missing.ended).stderr).toContain("the engine has no image no-such-image:1");
    await using gone = new Cli(["run", image], { env: { DOCKER_HOST: "unix:///nonexistent/docker.sock" } });
    const { stderr, exitCode } = await gone.ended;
    expect(stderr).toContain(
      "the Docker engine at unix:///nonexistent/docker.sock (DOCKER_HOST) is not there",
    );
    expect(exitCode).toBe(6);
  });
});
