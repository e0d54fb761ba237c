import { createServer } from "node:http";
import type { IncomingHttpHeaders, RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { serveFolder } from "../../runtime/serving.ts";
import { Cli, folderWith, runCli } from "../run-cli.ts";
import { V1, V1_ANSWER, V2, projectWith } from "./project.ts";

/** A server of another kind, which answers some routes and no others. */
async function foreignServer(routes: Readonly<Record<string, (body: never) => unknown>>) {
  const seen: IncomingHttpHeaders[] = [];
  const listener: RequestListener = (request, response) => {
    seen.push(request.headers);
    const answer = routes[`${request.method} ${request.url}`];
    void (async () => {
      const body = request.method === "POST" ? await json(request).catch(() => undefined) : undefined;
      response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer === undefined ? { detail: "Not Found" } : answer(body as never)));
    })();
  };
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    seen,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const doubled = (rows: readonly (readonly number[])[]) => rows.map((row) => row.map((value) => value * 2));

const FILES = { "m/examples/a.json": V1, "m/examples/b.json": V2 };

describe("kserve-ts test --url", () => {
  it("tests a server of ours, over gRPC where it is said where", async () => {
    await using project = await projectWith({ ...FILES, "m/examples/a.expected.json": V1_ANSWER });
    await using server = await serveFolder(join(project.path, "m"));
    const args = ["test", join(project.path, "m"), "--url", server.url];
    const with_ = await runCli([...args, "--grpc", `127.0.0.1:${server.grpcPort}`]);
    expect(with_).toMatchObject({ stderr: "", exitCode: 0 });
    expect(with_.stdout).toContain("  examples/a.json  pass  pass  pass       pass\n");
    const without = await runCli(args);
    expect(without.stdout).toContain("  examples/a.json over grpc: it is not said where: --grpc host:port\n");
    expect(without.exitCode).toBe(0);
  });

  it("tests a server that has V1 alone, with the headers that it wants", async () => {
    await using server = await foreignServer({
      "GET /v1/models": () => ({ models: ["other"] }),
      "POST /v1/models/other:predict": ({ instances }: { instances: number[][] }) => ({
        predictions: doubled(instances),
      }),
    });
    await using project = await projectWith({
      "m/examples/a.json": V1,
      "m/examples/a.expected.json": "[[2, 4], [6, 8]]",
    });
    const headers = ["--header", "authorization: Bearer abc", "--host-header", "other.example.com"];
    const { stdout, exitCode } = await runCli([
      "test",
      join(project.path, "m"),
      "--url",
      server.url,
      ...headers,
    ]);
    expect(stdout).toContain("  examples/a.json  pass  n/a   n/a        n/a\n");
    expect(stdout).toContain("over v2, v2-binary, grpc: the model does not say what it takes\n");
    expect(exitCode).toBe(0);
    expect(server.seen.every(({ authorization }) => authorization === "Bearer abc")).toBe(true);
    expect(server.seen.every(({ host }) => host === "other.example.com")).toBe(true);
  });

  it("tests a server that has V2 in JSON alone", async () => {
    type Request = { inputs: { shape: number[]; data: number[] }[] };
    await using server = await foreignServer({
      "GET /v2": () => ({ name: "mlserver", version: "1", extensions: [] }),
      "GET /v2/models": () => ({ models: ["m"] }),
      "GET /v2/models/m": () => ({
        name: "m",
        inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
        outputs: [{ name: "y", datatype: "FP32", shape: [-1, 2] }],
      }),
      "POST /v2/models/m/infer": ({ inputs: [input] }: Request) => ({
        model_name: "m",
        outputs: [
          { name: "y", datatype: "FP32", shape: input?.shape, data: input?.data.map((value) => value * 2) },
        ],
      }),
    });
    await using project = await projectWith({ "m/examples/b.json": V2 });
    const { stdout, exitCode } = await runCli(["test", join(project.path, "m"), "--url", server.url]);
    expect(stdout).toContain("  examples/b.json  n/a   pass  n/a        n/a   no expected answer\n");
    expect(stdout).toContain(
      "examples/b.json over v1: the server does not answer it: The server answered 404",
    );
    expect(stdout).toContain("over v2-binary: the server does not have the extension binary_tensor_data\n");
    expect(exitCode).toBe(0);
  });

  it("ends with 6 where nobody is there", async () => {
    await using project = await projectWith(FILES);
    const args = ["test", join(project.path, "m"), "--url", "http://127.0.0.1:1"];
    expect(await runCli(args)).toMatchObject({ exitCode: 6, stderr: expect.stringContaining("127.0.0.1:1") });
  });
});

describe("Ctrl-C", () => {
  it("ends a request that is under way, and the test with 130", async () => {
    await using project = await folderWith({
      "m/predictor.mjs": `
        export const predict = (_model, _input, ctx) => {
          process.stderr.write("asked\\n");
          return new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(new Error("left"))));
        };`,
      "m/examples/a.json": '{"instances": [1]}',
    });
    await using cli = new Cli(["test", join(project.path, "m")]);
    await cli.until("stderr", /asked/);
    cli.signal("SIGINT");
    expect(await cli.ended).toMatchObject({ stdout: "", exitCode: 130 });
  });
});

describe("kserve-ts test of a transformer", () => {
  it("takes the predictor that serve would be told", async () => {
    await using project = await projectWith({
      "front/m/predictor.mjs": `
        export const inputs = [{ name: "x", datatype: "FP32", shape: [-1, 2] }];
        export const preProcess = ({ tensors: { x } }) => ({ x: { ...x, data: x.data.map((value) => value + 1) } });`,
      "front/m/examples/b.json": V2,
      "front/m/examples/b.expected.json": JSON.stringify({
        outputs: [
          { name: "twice", datatype: "FP32", shape: [1, 2], data: [4, 6] },
          { name: "label", datatype: "BYTES", shape: [1], data: ["large"] },
        ],
      }),
    });
    await using predictor = await serveFolder(join(project.path, "m"));
    const host = `127.0.0.1:${predictor.port}`;
    const args = [
      "test",
      join(project.path, "front/m"),
      "--predictor_host",
      host,
      "--predictor_protocol",
      "v2",
    ];
    const { stdout, stderr, exitCode } = await runCli(args);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toContain("  examples/b.json  pass  pass  pass       pass\n");
  });
});

describe("kserve-ts test --image", () => {
  it("says that there is no Docker engine", async () => {
    await using folder = await folderWith({ "examples/a.json": V1 });
    const env = { DOCKER_HOST: `unix://${folder.path}/none.sock` };
    expect(await runCli(["test", folder.path, "--image", "digits:1"], { env })).toMatchObject({
      exitCode: 6,
    });
  });
});
