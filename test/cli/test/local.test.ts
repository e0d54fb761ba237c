import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderWith, runCli } from "../run-cli.ts";
import { V1, V1_ANSWER, V2, projectWith } from "./project.ts";

/** Runs `test` on a project; times are left out of what it says. */
async function test(path: string, ...args: readonly string[]) {
  const { stdout, stderr, exitCode } = await runCli(["test", join(path, "m"), ...args]);
  const lines = stdout
    .replaceAll(path, "")
    .replaceAll(/\(\d+\.\d s\)/g, "(T)")
    .trimEnd()
    .split("\n");
  return { lines, stderr: stderr.replaceAll(path, ""), exitCode };
}

describe("kserve-ts test", () => {
  it("asks each example over every protocol and compares what comes with what is expected", async () => {
    await using project = await projectWith({
      "m/examples/a.json": V1,
      "m/examples/a.expected.json": V1_ANSWER,
      "m/examples/b.json": V2,
    });
    expect(await test(project.path)).toEqual({
      lines: [
        "a server of /m: 2 examples",
        "",
        "  example          v1    v2    v2-binary  grpc",
        "  examples/a.json  pass  pass  pass       pass",
        "  examples/b.json  pass  pass  pass       pass  no expected answer",
        "",
        "2 examples: 2 passed; 8 answers compared (T)",
        "hint: 1 example has no expected answer; --update writes what the model answers now.",
      ],
      stderr: "",
      exitCode: 0,
    });
  });

  it("shows what differs, where, and by how much, and ends with 1", async () => {
    const wrong = V1_ANSWER.replace("8", "8.5").replace("large", "huge");
    await using project = await projectWith({
      "m/examples/a.json": V1,
      "m/examples/a.expected.json": wrong,
    });
    const { lines, exitCode } = await test(project.path, "--protocol", "v1,grpc");
    expect(lines).toEqual([
      "a server of /m: 1 example",
      "",
      "  example          v1    grpc",
      "  examples/a.json  FAIL  FAIL",
      "",
      "examples/a.json over v1: 2 of 6 values differ from the expected answer",
      "  twice[1][1]  expected 8.5     got 8        off by 0.5",
      '  label[1]     expected "huge"  got "large"',
      "examples/a.json over grpc: 2 of 6 values differ from the expected answer",
      "  twice[1][1]  expected 8.5     got 8        off by 0.5",
      '  label[1]     expected "huge"  got "large"',
      "",
      "1 example: 0 passed, 1 failed; 2 answers compared (T)",
    ]);
    expect(exitCode).toBe(1);
    const short = await test(project.path, "--protocol", "v1", "--differences", "1");
    expect(short.lines).toContain("  and 1 more");
  });

  it("finds a protocol that answers otherwise, without an expected answer", async () => {
    await using project = await projectWith({ "m/examples/a.json": V1 }, "grpc-v2");
    const { lines, exitCode } = await test(project.path);
    expect(lines).toContain("examples/a.json over grpc: 4 of 6 values differ from that over v1");
    expect(lines).toContain("  twice[0][0]  expected 2  got 3  off by 1");
    expect(exitCode).toBe(1);
  });

  it("takes numbers within the tolerance for the same", async () => {
    await using project = await projectWith({
      "m/examples/a.json": V1,
      "m/examples/a.expected.json": V1_ANSWER.replace("8", "8.5"),
    });
    expect((await test(project.path, "--tolerance", "0.1")).exitCode).toBe(0);
    expect((await test(project.path, "--tolerance", "0,0.4")).exitCode).toBe(1);
  });

  it("expects a failure where the answer's file has a status", async () => {
    const below = JSON.stringify({ instances: [[-1, 0]] });
    const files = { "m/examples/a.json": below };
    const expected = (text: string) => projectWith({ ...files, "m/examples/a.expected.json": text });
    await using right = await expected('{"status": 400, "error": "is below zero"}');
    const { lines, exitCode } = await test(right.path);
    expect(lines).toContain("  examples/a.json  pass  pass  pass       pass");
    expect(exitCode).toBe(0);
    await using status = await expected('{"status": 422}');
    expect((await test(status.path, "--protocol", "v1")).lines).toContain(
      "examples/a.json over v1: expected the status 422, got 400: The server answered 400: x: is below zero",
    );
    await using words = await expected('{"status": 400, "error": "too small"}');
    expect((await test(words.path, "--protocol", "v1")).lines).toContain(
      'examples/a.json over v1: expected "too small" in the message, got: The server answered 400: x: is below zero',
    );
    await using none = await projectWith(files);
    expect((await test(none.path)).lines).toContain(
      "examples/a.json over v2: The server answered 400: x: is below zero",
    );
  });

  it("expects the failure of a status that gRPC has another word for", async () => {
    await using project = await folderWith({
      "m/predictor.mjs": `
        import { HttpError } from ${JSON.stringify(new URL("../../../contract/index.ts", import.meta.url).href)};
        export const inputs = [{ name: "x", datatype: "FP32", shape: [-1] }];
        export const predict = () => { throw new HttpError(402, "no quota"); };`,
      "m/examples/a.json": '{"instances": [1]}',
      "m/examples/a.expected.json": '{"status": 402, "error": "no quota"}',
    });
    expect((await test(project.path)).exitCode).toBe(0);
  });

  it("says why a request cannot be asked over a protocol", async () => {
    await using project = await projectWith({
      "m/examples/a.json": '{"instances": [{"id": 1}]}',
      "m/examples/a.expected.json": '{"status": 400}',
    });
    const { lines } = await test(project.path);
    expect(lines).toContain("  examples/a.json  pass  n/a   n/a        n/a");
    expect(lines).toContain(
      "  examples/a.json over v2, v2-binary, grpc: its instances are not the values of x FP32 [-1, 2] (instances[0]: expected an array of 2, got an object with id)",
    );
    await using untold = await folderWith({
      "m/predictor.mjs": "export const predict = (_model, input) => input;",
      "m/examples/a.json": '{"instances": [1]}',
      "m/examples/b.json": V2,
    });
    const other = await test(untold.path);
    expect(other.lines).toContain(
      "  examples/a.json over v2, v2-binary, grpc: the model does not say what it takes",
    );
    expect(other.lines).toContain("  examples/b.json over v1: the model does not say what it takes");
    expect(other.exitCode).toBe(0);
  });

  it.each([
    ["tensors", "typed", '{"predictions": [0, 1, 2]}', "pass  pass  pass       pass  pass"],
    [
      "objects",
      "untyped",
      '{"predictions": [{"n": 0}, {"n": 1}, {"n": 2}]}',
      "pass  n/a   n/a        n/a   pass",
    ],
  ])("compares a stream of %s, whole and piece by piece", async (_case, kind, expected, cells) => {
    const isTyped = kind === "typed";
    await using project = await folderWith({
      "m/predictor.mjs": `
        ${isTyped ? `export const inputs = [{ name: "count", datatype: "INT32", shape: [-1] }];` : ""}
        ${isTyped ? `export const outputs = [{ name: "n", datatype: "INT32", shape: [-1] }];` : ""}
        export async function* predict(_model, input) {
          const count = ${isTyped ? "input.count.data[0]" : "input[0]"};
          for (let n = 0; n < count; n++) yield ${isTyped ? "{ n: [n] }" : "{ n }"};
        }`,
      "m/examples/a.json": '{"instances": [3]}',
      "m/examples/a.expected.json": expected,
    });
    const { lines, exitCode } = await test(project.path, "--protocol", "v1,v2,v2-binary,grpc,stream");
    expect(lines).toContain(`  examples/a.json  ${cells}`);
    expect(exitCode).toBe(0);
  });

  it("asks each model of a repository with its own examples", async () => {
    const predictor = (by: number) => `
      export const inputs = [{ name: "x", datatype: "FP32", shape: [-1] }];
      export const predict = (_model, { x }) => x.data.map((value) => value * ${by});`;
    await using project = await folderWith({
      "m/one/predictor.mjs": predictor(1),
      "m/two/predictor.mjs": predictor(2),
      "m/two/examples/b.json": '{"instances": [5]}',
      "m/two/examples/b.expected.json": '{"predictions": [10]}',
      "m/examples/one/a.json": '{"instances": [5]}',
      "m/examples/one/a.expected.json": '{"predictions": [5]}',
    });
    const { lines, exitCode, stderr } = await test(project.path);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(lines.slice(3, 5)).toEqual([
      "  examples/one/a.json  pass  pass  pass       pass",
      "  two/examples/b.json  pass  pass  pass       pass",
    ]);
    await writeFile(join(project.path, "m/examples/c.json"), '{"instances": [5]}');
    expect(await test(project.path, "--filter", "c.json")).toMatchObject({
      stderr:
        "error: it is not said which model examples/c.json is for: there is the models one, two\nhint: Put it into a folder of the model's name, as in examples/NAME/, or name one with --model.\n",
      exitCode: 2,
    });
    expect((await test(project.path, "--filter", "c.json", "--model", "two")).exitCode).toBe(0);
  });

  it("stops at the first failure with --bail, and asks only what --filter names", async () => {
    await using project = await projectWith({
      "m/examples/a.json": V1,
      "m/examples/a.expected.json": '{"predictions": []}',
      "m/examples/b.json": V1,
    });
    expect((await test(project.path, "--bail")).lines).toContain(
      "2 examples: 0 passed, 1 failed, 1 not asked; 4 answers compared (T)",
    );
    expect((await test(project.path, "--filter", "b.json")).exitCode).toBe(0);
  });

  it.each([
    [["--filter", "z"], "no example has z in its name", 2],
    [["--tolerance", "much"], '--tolerance is "much", expected one number of 0 or more, or two', 2],
    [["--tolerance=-1"], '--tolerance is "-1", expected one number of 0 or more, or two', 2],
    [["--update", "--protocol", "v1"], "--update takes each answer over the example's own protocol", 2],
    [["--url", "http://127.0.0.1:1", "--image", "x"], "--image and --url are different servers", 2],
    [["--grpc", "127.0.0.1:1"], "--grpc goes with --url", 2],
    [["--junit", "none/x.xml"], "--junit none/x.xml cannot be written", 2],
  ])("refuses %j", async (args, said, exitCode) => {
    await using project = await projectWith({ "m/examples/a.json": V1 });
    const ended = await test(project.path, ...args);
    expect(ended.stderr).toContain(`error: ${said}`);
    expect(ended.exitCode).toBe(exitCode);
  });

  it.each([
    ["none at all", {}, "/m has no examples", 2],
    ["one that is no JSON", { "m/examples/a.json": '{"instances": [1,]}' }, "examples/a.json is no JSON", 3],
    ["one that is no request", { "m/examples/a.json": "{}" }, "examples/a.json is no request of V1 or V2", 3],
    [
      "an answer alone",
      { "m/examples/a.expected.json": "[]" },
      "a.expected.json has no request beside it",
      3,
    ],
  ])("refuses a project's examples: %s", async (_case, files, said, exitCode) => {
    await using project = await projectWith(files as Record<string, string>);
    const ended = await test(project.path);
    expect(ended.stderr).toContain(said);
    expect(ended.exitCode).toBe(exitCode);
  });

  it("ends as serve does where the model does not load", async () => {
    await using project = await folderWith({
      "m/predictor.mjs": `export const load = () => { throw new Error("no weights"); }; export const predict = () => 1;`,
      "m/examples/a.json": V1,
    });
    expect(await test(project.path)).toMatchObject({
      stderr: expect.stringContaining("no weights"),
      exitCode: 4,
    });
  });
});

describe("kserve-ts test --update", () => {
  it("writes what is not there or differs, says what has changed, and leaves the rest alone", async () => {
    const rounded =
      '{"predictions": [{"twice": [2.0000001, 4], "label": "small"}, {"twice": [6, 8], "label": "large"}]}';
    await using project = await projectWith({
      "m/examples/a.json": V1,
      "m/examples/a.expected.json": V1_ANSWER.replace("8", "9"),
      "m/examples/b.json": V2,
      "m/examples/c.json": V1,
      "m/examples/c.expected.json": rounded,
    });
    const { lines, exitCode } = await test(project.path, "--update");
    expect(lines.slice(3, 8)).toEqual([
      "  examples/a.json  pass  pass  pass       pass  updated",
      "  examples/b.json  pass  pass  pass       pass  written",
      "  examples/c.json  pass  pass  pass       pass  unchanged",
      "",
      "examples/a.json: twice[1][1] was 9, is 8",
    ]);
    expect(exitCode).toBe(0);
    const read = (name: string) => readFile(join(project.path, "m/examples", name), "utf8");
    expect(JSON.parse(await read("a.expected.json"))).toEqual(JSON.parse(V1_ANSWER));
    expect(JSON.parse(await read("b.expected.json"))).toEqual({
      outputs: [
        { name: "twice", datatype: "FP32", shape: [1, 2], data: [2, 4] },
        { name: "label", datatype: "BYTES", shape: [1], data: ["small"] },
      ],
    });
    expect(await read("c.expected.json")).toBe(rounded);
    expect((await test(project.path)).exitCode).toBe(0);
  });

  it("writes nothing for an example that is not answered", async () => {
    await using project = await projectWith({ "m/examples/a.json": '{"instances": [[-1, 0]]}' });
    expect((await test(project.path, "-u")).exitCode).toBe(1);
    expect(await readdir(join(project.path, "m/examples"))).toEqual(["a.json"]);
  });
});

describe("the reports of kserve-ts test", () => {
  it("are JSON with -o json", async () => {
    await using project = await projectWith({
      "m/examples/a.json": V1,
      "m/examples/a.expected.json": V1_ANSWER.replace("8", "9"),
    });
    const { stdout, exitCode } = await runCli([
      "test",
      join(project.path, "m"),
      "-o",
      "json",
      "--protocol",
      "v1",
    ]);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      place: `a server of ${join(project.path, "m")}`,
      protocols: ["v1"],
      durationMs: expect.any(Number),
      examples: { passed: 0, failed: 1, notAsked: 0 },
      answers: { passed: 0, failed: 1, notApplicable: 0 },
      results: [
        {
          name: "examples/a.json",
          model: "m",
          protocol: "v1",
          expected: "given",
          outcomes: {
            v1: {
              status: "failed",
              ms: expect.any(Number),
              reason: "1 of 6 values differ from the expected answer",
              differenceCount: 1,
              differences: [{ output: "twice", index: "[1][1]", expected: "9", got: "8", by: 1 }],
            },
          },
        },
      ],
    });
  });

  it("are JUnit's XML in a file", async () => {
    await using project = await projectWith({
      "m/examples/a<b.json": V1,
      "m/examples/a<b.expected.json": V1_ANSWER.replace("large", 'a \\"b\\" & \\u0001'),
      "m/examples/odd.json": '{"instances": [{"id": 1}]}',
      "m/examples/odd.expected.json": '{"status": 400}',
    });
    const file = join(project.path, "junit.xml");
    expect((await test(project.path, "--junit", file, "--protocol", "v1,v2")).exitCode).toBe(1);
    const text = (await readFile(file, "utf8")).replaceAll(/time="[\d.]+"/g, 'time="T"');
    expect(text.split("\n")).toEqual([
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<testsuites name="kserve-ts test" tests="4" failures="2" skipped="1" time="T">',
      '  <testsuite name="m" tests="4" failures="2" skipped="1" time="T">',
      '    <testcase classname="m" name="examples/a&lt;b.json over v1" time="T">',
      '      <failure message="1 of 6 values differ from the expected answer">expected label[1] to be &quot;a \\&quot;b\\&quot; &amp; \\u0001&quot;, got &quot;large&quot;</failure>',
      "    </testcase>",
      '    <testcase classname="m" name="examples/a&lt;b.json over v2" time="T">',
      '      <failure message="1 of 6 values differ from the expected answer">expected label[1] to be &quot;a \\&quot;b\\&quot; &amp; \\u0001&quot;, got &quot;large&quot;</failure>',
      "    </testcase>",
      '    <testcase classname="m" name="examples/odd.json over v1" time="T"/>',
      '    <testcase classname="m" name="examples/odd.json over v2" time="T">',
      '      <skipped message="its instances are not the values of x FP32 [-1, 2] (instances[0]: expected an array of 2, got an object with id)"/>',
      "    </testcase>",
      "  </testsuite>",
      "</testsuites>",
      "",
    ]);
  });
});
