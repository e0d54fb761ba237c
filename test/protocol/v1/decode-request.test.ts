import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";
import { decodeV1Request } from "../../../protocol/v1.ts";
import { json, refusal } from "../bodies.ts";

const decode = (value: unknown) => decodeV1Request(json(value), DEFAULT_LIMITS);

describe("a V1 request", () => {
  it("has its instances, and its other members as parameters", () => {
    expect(decode({ instances: [1, { a: [null, "é"] }] })).toEqual({
      instances: [1, { a: [null, "é"] }],
      parameters: {},
    });
    const { parameters } = decode({ signature_name: "s", instances: [], deep: { a: 1 } });
    expect({ ...parameters }).toEqual({ signature_name: "s", deep: { a: 1 } });
  });

  it("may call its instances inputs, as KServe's own servers take them", () => {
    expect(decode({ inputs: [1] })).toEqual({ instances: [1], parameters: {} });
    const both = decode({ inputs: [1], instances: [2] });
    expect({ ...both, parameters: { ...both.parameters } }).toEqual({
      instances: [2],
      parameters: { inputs: [1] },
    });
  });

  it("has integers to the last digit", () => {
    const text = '{"instances":[9007199254740993,[1,{"a":-18446744073709551616}]],"seed":9007199254740995}';
    const { instances, parameters } = decode(text);
    expect(instances).toEqual([9007199254740993n, [1, { a: -18446744073709551616n }]]);
    expect(parameters["seed"]).toBe(9007199254740995n);
  });

  it("takes the last of members given twice", () => {
    expect(decode('{"instances":5,"instances":[{"a":1,"a":2}]}').instances).toEqual([{ a: 2 }]);
  });

  it("may have members called __proto__, which touch nobody else's", () => {
    const { instances, parameters } = decode(
      '{"__proto__":{"polluted":1},"instances":[{"__proto__":{"polluted":1}},9007199254740993]}',
    );
    expect(Object.keys(instances[0] as object)).toEqual(["__proto__"]);
    expect(Object.getOwnPropertyDescriptor(parameters, "__proto__")?.value).toEqual({ polluted: 1 });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(refusal(() => decode('{"__proto__":{"instances":[1]}}')).path).toBe("instances");
  });
});

const deep = (levels: number) => "[".repeat(levels) + "1" + "]".repeat(levels);

describe("a bad V1 request", () => {
  it.each<[string, unknown]>([
    ["Unrecognized request format: the body is empty", ""],
    ["Unrecognized request format: expected a key in double quotes", "{"],
    ["Unrecognized request format: JSON has no NaN", '{"instances":[NaN]}'],
    ["Unrecognized request format: a number is too large for a double", '{"instances":[[1e400]]}'],
    ["Unrecognized request format: a number is too large for a double", '{"instances":[],"p":-1e400}'],
    ['expected a JSON object with "instances", got null', "null"],
    ['expected a JSON object with "instances", got an array of 1', [1]],
    ['expected a JSON object with "instances", got the string "instances"', '"instances"'],
    ['instances: Expected "instances" to be a list, got nothing', {}],
    ['instances: Expected "instances" to be a list, got nothing', { instance: [1] }],
    ['instances: Expected "instances" to be a list, got the number 5', { instances: 5 }],
    ['instances: Expected "instances" to be a list, got null', { instances: null, inputs: [1] }],
    [
      'instances: Expected "instances" to be a list, got an object with 0, length',
      { instances: { 0: 1, length: 1 } },
    ],
    ['inputs: Expected "inputs" to be a list, got the string "a"', { inputs: "a" }],
    ["the JSON nests deeper than 64 levels", `{"instances":${deep(64)}}`],
    ["the JSON nests deeper than 64 levels", `{"instances":${deep(100_000)}}`],
    ["the JSON nests deeper than 64 levels", `{"instances":[9007199254740993],"z":${deep(100_000)}}`],
  ])("is told: %s", (message, body) => {
    const error = refusal(() => decode(body));
    expect(error.message.slice(0, message.length)).toBe(message);
    expect(error).toMatchObject({ code: "KTS_INVALID_INPUT", status: 400 });
    expect(error.path).toBe(/^(?:instances|inputs)(?=: )/.exec(message)?.[0]);
  });

  it("is refused where it is not UTF-8", () => {
    const body = Buffer.concat([json('{"instances":["'), Buffer.of(0xff), json('"]}')]);
    expect(refusal(() => decodeV1Request(body, DEFAULT_LIMITS)).message).toContain("not UTF-8");
  });

  it("is 413 where its values would fill the memory", () => {
    const limits = { maxDepth: 64, maxTensorBytes: 10_000 };
    const body = json({ instances: Array(1000).fill([]) });
    expect(refusal(() => decodeV1Request(body, limits))).toMatchObject({
      code: "KTS_BODY_TOO_LARGE",
      status: 413,
    });
    expect(decodeV1Request(json(`{"instances":${deep(63)}}`), DEFAULT_LIMITS).instances).toHaveLength(1);
  });
});
