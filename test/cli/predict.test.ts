import { createServer } from "node:http";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT, type RunOptions, runCli } from "./run-cli.ts";
import { type TestServer, serveFolder, servePredictor } from "../runtime/serving.ts";

const EXAMPLES = "examples/digits/examples";
const SEVEN = `${EXAMPLES}/seven.json`;

let digits: TestServer;
beforeAll(async () => void (digits = await serveFolder(`${ROOT}examples/digits`)));
afterAll(() => digits.stop());

function predict(args: readonly string[], options: RunOptions = {}) {
  return runCli(["predict", "--url", digits.url, ...args], options);
}

describe("predict", () => {
  it("asks by V1 with a file of instances", async () => {
    expect(await predict(["--input", SEVEN])).toEqual({
      stdout: '{"predictions":[7]}\n',
      stderr: "",
      exitCode: 0,
    });
  });

  it("asks by V2 with a file of tensors", async () => {
    const { stdout, exitCode } = await predict(["--input", `${EXAMPLES}/v2-three.json`]);
    expect(JSON.parse(stdout)).toMatchObject({ outputs: [{ name: "digit", data: [3] }] });
    expect(exitCode).toBe(0);
  });

  it("takes a list alone on stdin for V1's instances", async () => {
    const { instances } = JSON.parse(await readFile(`${ROOT}${SEVEN}`, "utf8")) as { instances: unknown[] };
    const { stdout } = await predict(["-i", "-"], { input: JSON.stringify([...instances, ...instances]) });
    expect(stdout).toBe('{"predictions":[7,7]}\n');
  });

  it("finds the server by KSERVE_TS_URL, which --url outranks", async () => {
    const env = { KSERVE_TS_URL: digits.url };
    expect((await runCli(["predict", "-i", SEVEN], { env })).stdout).toBe('{"predictions":[7]}\n');
    const { exitCode } = await runCli(["predict", "-i", SEVEN, "--url", "http://127.0.0.1:1"], { env });
    expect(exitCode).toBe(6);
  });

  it("shows a table of predictions", async () => {
    const { stdout } = await predict(["-i", `${EXAMPLES}/zero-one-1x28x28.json`, "-o", "table"]);
    expect(stdout).toBe("instance  prediction\n0         0\n1         1\n");
  });

  it("shows a table of outputs", async () => {
    const { stdout } = await predict(["-i", `${EXAMPLES}/v2-three.json`, "--output=table"]);
    expect(stdout).toBe("output  datatype  shape  data\ndigit   INT64     [1]    [3]\n");
  });

  it("sends V2's tensors as bytes, and shows the answer as JSON", async () => {
    const flags = ["--input", `${EXAMPLES}/v2-three.json`];
    const [json, binary] = await Promise.all([
      predict(flags),
      predict([...flags, "--protocol", "v2-binary"]),
    ]);
    expect({ ...binary, stdout: "" }).toEqual({ stdout: "", stderr: "", exitCode: 0 });
    const outputsOf = ({ stdout }: { readonly stdout: string }) =>
      (JSON.parse(stdout) as { outputs: unknown }).outputs;
    expect(outputsOf(binary)).toEqual(outputsOf(json));
  });

  it("asks over gRPC, and shows the answer as V2's JSON", async () => {
    const flags = ["predict", "-i", `${EXAMPLES}/v2-three.json`, "--protocol", "grpc"];
    const { stdout, stderr, exitCode } = await runCli([...flags, "--url", `127.0.0.1:${digits.grpcPort}`]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(JSON.parse(stdout)).toMatchObject({
      model_name: "digits",
      outputs: [{ name: "digit", datatype: "INT64", shape: [1], data: [3] }],
    });
    const refused = await runCli([...flags, "--url", digits.url]);
    expect(refused.stderr).toMatch(/^error: --url: expected host:port/);
    expect(refused.exitCode).toBe(2);
  });

  it("says what a V2 body lacks that is to be sent as bytes", async () => {
    const { stderr, exitCode } = await predict(["-i", SEVEN, "--protocol", "v2-binary"]);
    expect(stderr).toMatch(/^error: inputs: /);
    expect(exitCode).toBe(1);
  });

  it("gives an answer that is no JSON as it came", async () => {
    await using server = await servePredictor(`
      export const execution = "inline";
      export const predict = () => "plain text";
    `);
    const { stdout } = await runCli(["predict", "--url", server.url, "-i", "-"], { input: "[1]" });
    expect(stdout).toBe("plain text");
  });
});

describe("predict keeps numbers as they are", () => {
  it("in the request and in the answer, beyond 2^53 too", async () => {
    await using server = await servePredictor(`
      export const execution = "inline";
      export const inputs = [{ name: "x", datatype: "INT64", shape: [-1] }];
      export const outputs = [{ name: "y", datatype: "INT64", shape: [-1] }];
      export const predict = (_model, { x }) => x;
    `);
    const input = '{"instances": [9007199254740993, -9223372036854775808]}';
    const flags = ["predict", "--url", server.url, "-i", "-"];
    const [json, table] = await Promise.all([
      runCli(flags, { input }),
      runCli([...flags, "-o", "table"], { input }),
    ]);
    expect(json.stdout).toBe('{"predictions":[9007199254740993,-9223372036854775808]}\n');
    expect(table.stdout).toBe(
      "instance  prediction\n0         9007199254740993\n1         -9223372036854775808\n",
    );
  });
});

describe("predict --explain", () => {
  it("asks V1's :explain", async () => {
    await using server = await servePredictor(`
      export const execution = "inline";
      export const predict = () => 1;
      export const explain = (_model, instances) => instances.map((instance) => instance * 2);
    `);
    const { stdout } = await runCli(["predict", "--url", server.url, "-i", "-", "--explain"], {
      input: "[21]",
    });
    expect(stdout).toBe('{"explanations":[42]}\n');
  });

  it("is refused for a V2 body", async () => {
    const { stderr, exitCode } = await predict(["-i", `${EXAMPLES}/v2-three.json`, "--explain"]);
    expect(stderr).toMatch(/^error: --explain needs a V1 body: V2 has no explanations\n/);
    expect(exitCode).toBe(2);
  });

  it("ends with 1 and the server's words where the predictor does not explain", async () => {
    const { stderr, exitCode } = await predict(["-i", SEVEN, "--explain"]);
    expect(stderr).toMatch(/^error: The server answered 501: Model digits does not explain/);
    expect(exitCode).toBe(1);
  });
});

describe("a request that is none", () => {
  it.each([
    ["no such file", ["-i", "there/is/none.json"], "", 2, "the input there/is/none.json does not exist"],
    ["a folder", ["-i", "examples"], "", 2, "the input examples is a folder, expected a file"],
    [
      "no JSON, with the place",
      ["-i", "-"],
      '{"instances":\n [1,}',
      1,
      'stdin is no JSON: expected a value, got "}": line 2 column 5 (char 18)',
    ],
    [
      "nothing",
      ["-i", "-"],
      "",
      1,
      "stdin is no JSON: the body is empty, expected JSON: line 1 column 1 (char 0)",
    ],
    [
      "another object",
      ["-i", "-"],
      '{"data": [1]}',
      1,
      'stdin is neither a V1 body, which has a list of "instances", nor a V2 body, whose "inputs" have datatypes',
    ],
    [
      "a list for V2",
      ["-i", "-", "--protocol", "v2"],
      "[1]",
      1,
      'stdin is a list, and a V2 body is an object with "inputs"',
    ],
  ])("is refused: %s", async (_name, args, input, code, message) => {
    const { stdout, stderr, exitCode } = await predict(args, { input });
    expect(stdout).toBe("");
    expect(stderr.split("\n")[0]).toBe(`error: ${message}`);
    expect(stderr.split("\n")[1]).toMatch(/^hint: /);
    expect(exitCode).toBe(code);
  });

  it("is sent all the same where the protocol is given", async () => {
    const { stderr, exitCode } = await predict(["-i", "-", "--protocol", "v1"], { input: '{"data": [1]}' });
    expect(stderr).toMatch(/^error: The server answered 400: .*instances/);
    expect(exitCode).toBe(1);
  });
});

describe("a server that does not answer as hoped", () => {
  it("ends with 6 where there is none", async () => {
    expect(await runCli(["predict", "-i", SEVEN, "--url", "http://127.0.0.1:1"])).toEqual({
      stdout: "",
      stderr:
        "error: Cannot reach http://127.0.0.1:1: nothing accepts connections there.\nhint: Is the server running at that URL?\n",
      exitCode: 6,
    });
  });

  it("ends with 2 where the URL is none", async () => {
    const { stderr, exitCode } = await runCli(["predict", "-i", SEVEN, "--url", "localhost:8080"]);
    expect(stderr).toMatch(/^error: --url: expected a URL that starts with http:\/\//);
    expect(exitCode).toBe(2);
  });

  it("ends with 1 and the server's words where the request is wrong", async () => {
    const { stderr, exitCode } = await predict(["-i", "-"], { input: '[{"data":""}]' });
    expect(stderr).toBe(
      "error: The server answered 400: instances[0].data: expected base64 of a PNG or of 784 bytes, got 0 bytes\nhint: Correct the request.\n",
    );
    expect(exitCode).toBe(1);
  });

  it("ends with 1 where the model is unknown", async () => {
    const { stderr, exitCode } = await predict(["-i", SEVEN, "--model", "letters"]);
    expect(stderr).toBe(
      "error: The server answered 404: Model with name letters does not exist.\nhint: Check --url, --model and --protocol.\n",
    );
    expect(exitCode).toBe(1);
  });

  it("ends with 1 where it takes longer than --timeout-ms", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    try {
      const { stderr, exitCode } = await runCli(["predict", "-i", SEVEN, "--url", url, "--timeout-ms", "50"]);
      expect(stderr).toBe(
        `error: GET /v2/models at ${url} was not answered within 50 ms.\nhint: Wait longer with --timeout-ms.\n`,
      );
      expect(exitCode).toBe(1);
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });

  it("is named where it has no model, or several", async () => {
    const models: string[] = [];
    const listing = createServer((_req, res) => {
      res.setHeader("content-type", "application/json").end(JSON.stringify({ models }));
    }).listen(0, "127.0.0.1");
    await once(listing, "listening");
    const url = `http://127.0.0.1:${(listing.address() as AddressInfo).port}`;
    try {
      const none = await runCli(["predict", "-i", SEVEN, "--url", url]);
      expect(none.stderr).toMatch(`error: the server at ${url} has no model\n`);
      expect(none.exitCode).toBe(1);
      models.push("iris", "digits");
      const several = await runCli(["predict", "-i", SEVEN, "--url", url]);
      expect(several.stderr).toBe(
        `error: the server at ${url} has several models: iris, digits\nhint: Name one with --model.\n`,
      );
      expect(several.exitCode).toBe(2);
    } finally {
      listing.close();
    }
  });
});

describe("the headers of predict", () => {
  it("are those of --header, and the Host of --host-header", async () => {
    const seen: unknown[] = [];
    const echo = createServer((req, res) => {
      seen.push({ path: req.url, host: req.headers.host, token: req.headers["authorization"] });
      res.setHeader("content-type", "application/json").end('{"predictions":[]}');
    }).listen(0, "127.0.0.1");
    await once(echo, "listening");
    try {
      await runCli([
        ...["predict", "-i", SEVEN, "--url", `http://127.0.0.1:${(echo.address() as AddressInfo).port}/base`],
        ...["-m", "a b", "--host-header", "digits.example.com", "-H", "Authorization: Bearer x"],
      ]);
      expect(seen).toEqual([
        { path: "/base/v1/models/a%20b:predict", host: "digits.example.com", token: "Bearer x" },
      ]);
    } finally {
      echo.close();
    }
  });
});
