import { afterAll, expect, it } from "vitest";
import { createDockerEngine } from "../../../builder/docker/index.ts";
import { type ProofExample, proofLabels, proveImage } from "../../../builder/proof/index.ts";
import { dockerAt } from "../docker/engine.ts";
import { describeWithRig } from "../docker/with-rig.ts";
import { recordedWork, smallPlan } from "./small-plan.ts";

/** A server of both protocols in a few lines: it doubles x, over V2 by the factor that the test says. */
const server = (v2Factor: number) => `
const http = require("node:http");
http.createServer(async (request, response) => {
  const body = await new Response(request).text();
  const say = (answer, status = 200) => response.writeHead(status).end(JSON.stringify(answer));
  const x = { name: "x", datatype: "FP32", shape: [-1, 2] };
  if (request.url === "/v1/models") say({ models: ["double"] });
  else if (request.url === "/v2/models/double") say({ inputs: [x], outputs: [{ ...x, name: "y" }] });
  else if (request.url === "/v1/models/double:predict") {
    const { instances } = JSON.parse(body);
    if (instances[0] === "bad") say({ error: "instances[0]: expected numbers" }, 400);
    else say({ predictions: instances.map((row) => row.map((n) => n * 2)) });
  } else if (request.url === "/v2/models/double/infer") {
    const [{ shape, data }] = JSON.parse(body).inputs;
    say({ outputs: [{ name: "y", datatype: "FP32", shape, data: data.map((n) => n * ${v2Factor}) }] });
  } else say({}, 404);
}).listen(8080, "127.0.0.1", () => console.log("ready after 1 ms as " + process.getuid()));
process.on("SIGTERM", () => process.exit(0));`;

const example = (text: string, expected?: unknown): ProofExample => {
  return { name: "examples/one.json", protocol: text.includes("datatype") ? "v2" : "v1", text, expected };
};
const V1 = '{"instances": [[1, 2], [3, 4]]}';
const V2 = '{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}';

describeWithRig("the proof of an image", ({ dockerHost }) => {
  const docker = dockerAt(dockerHost);
  const engine = createDockerEngine({ env: { ...process.env, DOCKER_HOST: dockerHost } });
  const used = new Set<string>();
  const prove = async (code: string, options: Partial<Parameters<typeof proveImage>[2]> = {}) => {
    const name = `kserve-ts-test/proof:${process.pid}`;
    used.add(name);
    const image = await engine.build(
      smallPlan({ predictor: { "/app/predictor.js": code } }),
      name,
      recordedWork(),
    );
    const client = await engine.connect(new AbortController().signal);
    return proveImage(client.docker, image, { ...recordedWork(), ...options });
  };
  const left = async () => {
    const all = await docker.listContainers({ all: true, filters: { ancestor: [...used] } });
    return all.length;
  };
  afterAll(async () => {
    for (const name of used) await docker.getImage(name).remove({ force: true });
  });

  it("answers examples over both protocols as expected, and leaves no container", async () => {
    const expected = {
      predictions: [
        [2, 4],
        [6, 8],
      ],
    };
    const work = recordedWork();
    const report = await prove(server(2), {
      ...work,
      examples: [
        example(V1, expected),
        example(V2, [[2, 4]]),
        example('{"instances": ["bad"]}', { status: 400, error: "expected numbers" }),
      ],
    });
    expect(report).toMatchObject({
      modelName: "double",
      examples: [
        { protocols: ["v1", "v2"], note: undefined, isExpected: true },
        { protocols: ["v1", "v2"], note: undefined, isExpected: true },
        { protocols: ["v1"], note: "it is refused, as expected", isExpected: true },
      ],
      signature: { inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }], outputs: [{ name: "y" }] },
    });
    expect(report.coldStartMs).toBeGreaterThan(0);
    expect(report.idleMemoryBytes).toBeGreaterThan(1_000_000);
    expect(JSON.parse(proofLabels(report)["io.kserve-ts.proof"] ?? "")).toMatchObject({ examples: 3 });
    // An arbitrary user, which no image knows.
    expect(work.events).toContainEqual(expect.objectContaining({ line: "ready after 1 ms as 1000680001" }));
    expect(await left()).toBe(0);
  });

  it.each([
    [
      "a protocol answers otherwise",
      server(3),
      { examples: [example(V1)] },
      /one\.json: v2 answers other than v1: expected y\[0\]\[0\] to be 2, got 3/,
    ],
    [
      "an answer is not as expected",
      server(2),
      {
        examples: [
          example(V1, [
            [2, 4],
            [6, 9],
          ]),
        ],
      },
      /one\.json: expected predictions\[1\]\[1\] to be 9, got 8/,
    ],
    [
      "an example is answered that should be refused",
      server(2),
      { examples: [example(V1, { status: 400, error: "numbers" })] },
      /one\.json: expected 400 with "numbers", got 200/,
    ],
    [
      "an example is refused",
      server(2),
      { examples: [example('{"instances": ["bad"]}')] },
      /over v1: 400 .*expected numbers/,
    ],
    [
      "the declared signature is not the model's",
      server(2),
      { declared: { inputs: [{ name: "x", datatype: "FP32" as const, shape: [-1, 3] }], outputs: [] } },
      /- input x FP32 \[-1, 3\] is declared\n {2}\+ input x FP32 \[-1, 2\] is the model's/,
    ],
    [
      "a package is broken",
      "require('no-such-package')",
      {},
      /ended with exit code 1 before it was ready\nIts last lines:\n(.*\n)*.*Cannot find module 'no-such-package'/,
    ],
    [
      "it writes to the file system",
      "require('fs').writeFileSync('/tmp/x', '')",
      {},
      /exit code 1(.*\n)*.*EROFS: read-only file system/,
    ],
    [
      "it uses too much memory",
      "const all=[];setInterval(()=>all.push(Buffer.alloc(2e7,1)),1)",
      { memoryBytes: 128 << 20 },
      /used more memory than it may/,
    ],
    ["it is never ready", "setInterval(()=>{},1000)", { readyTimeoutMs: 500 }, /was not ready within 0\.5 s/],
  ])("fails when %s, and leaves no container", async (_case, code, options, message) => {
    const failure = prove(code, options);
    await expect(failure).rejects.toMatchObject({ code: "KTS_PROOF_FAILED", exitCode: 8 });
    await expect(failure).rejects.toThrow(message);
    expect(await left()).toBe(0);
  });

  it("ends when it is cancelled, and leaves no container", async () => {
    const abort = new AbortController();
    const report = ({ kind }: { kind: string }) => kind === "output" && abort.abort();
    const failure = prove("console.log('up');setInterval(()=>{},1000)", { signal: abort.signal, report });
    await expect(failure).rejects.toMatchObject({ code: "KTS_CANCELLED" });
    expect(await left()).toBe(0);
  });
});
