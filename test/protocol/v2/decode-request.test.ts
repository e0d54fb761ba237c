import { describe, expect, it } from "vitest";
import type { Tensor } from "../../../contract/tensor.ts";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";
import { decodeV2Request } from "../../../protocol/v2.ts";
import { json } from "../bodies.ts";

const decode = (value: unknown, jsonLength?: number) =>
  decodeV2Request(json(value), jsonLength, DEFAULT_LIMITS);
const X = { name: "x", shape: [2], datatype: "FP32", data: [1, 2] };
const REQUEST = { inputs: [X] };

/** A request with one input, some members of it changed. */
const withInput = (members: object) => ({ inputs: [{ ...X, ...members }] });
/** The tensor of a request with one input. */
const tensorOf = (members: object) => decode(withInput(members)).tensors["x"] as Tensor;

describe("a V2 request", () => {
  it("is read with all that it says", () => {
    const request = {
      id: "a",
      parameters: { priority: 1, trace: true, tenant: "t", binary_data_output: true },
      inputs: [X, { name: "k", shape: [], datatype: "INT64", data: [3], parameters: { content_type: "np" } }],
      outputs: [
        { name: "y", parameters: { binary_data: true } },
        { name: "z", parameters: { binary_data: false } },
        { name: "w" },
      ],
      unknown: [{}],
    };
    const { tensors, ...rest } = decode(request);
    expect(rest).toEqual({
      id: "a",
      parameters: request.parameters,
      outputs: [
        { name: "y", binary: true },
        { name: "z", binary: false },
        { name: "w", binary: undefined },
      ],
      binaryOutput: true,
    });
    expect(Object.entries(tensors)).toEqual([
      ["x", { datatype: "FP32", shape: [2], data: Float32Array.of(1, 2) }],
      ["k", { datatype: "INT64", shape: [], data: BigInt64Array.of(3n) }],
    ]);
  });

  it("may leave out what is optional, or say null", () => {
    const bare = { id: undefined, parameters: {}, outputs: undefined, binaryOutput: false };
    expect(decode(REQUEST)).toMatchObject(bare);
    expect(decode({ ...REQUEST, id: null, parameters: null, outputs: null })).toMatchObject(bare);
    expect(decode({ ...REQUEST, outputs: [] })).toMatchObject(bare);
    expect(tensorOf({ parameters: null }).data).toEqual(Float32Array.of(1, 2));
  });

  it("takes datatypes in lower case, as KServe does", () => {
    expect(tensorOf({ datatype: "int8" })).toEqual({
      datatype: "INT8",
      shape: [2],
      data: Int8Array.of(1, 2),
    });
  });

  it("takes data flat or nested as the shape", () => {
    const flat = tensorOf({ shape: [2, 1, 2], data: [1, 2, 3, 4] });
    expect(tensorOf({ shape: [2, 1, 2], data: [[[1, 2]], [[3, 4]]] })).toEqual(flat);
    expect(tensorOf({ shape: [2, 0], data: [[], []] })).toEqual(tensorOf({ shape: [2, 0], data: [] }));
  });

  it("has 64-bit integers to the last digit, wherever they are", () => {
    const long = "9223372036854775807";
    const body = (data: string) =>
      `{"inputs":[{"name":"a","shape":[1],"datatype":"FP64","data":[${long}]},` +
      `{"name":"b","shape":[2],"datatype":"INT64","data":${data}}],"z":${long}}`;
    const expected = BigInt64Array.of(2n ** 63n - 1n, -(2n ** 53n) - 1n);
    expect(decode(body(`[${long},-9007199254740993]`)).tensors["b"]?.data).toEqual(expected);
    const padding = " ".repeat(3000);
    expect(decode(body(`[${long},-9007199254740993]`) + padding).tensors["b"]?.data).toEqual(expected);
    expect(decode(body(`[${long},-9007199254740993]`)).tensors["a"]?.data).toEqual(Float64Array.of(2 ** 63));
  });

  it("takes the last of members given twice", () => {
    const twice = '{"inputs":5,"inputs":[{"name":"a","name":"x","shape":[1],"datatype":"INT64","data":[1,2],';
    expect(decode(`${twice}"data":[9007199254740993]}]}`).tensors).toEqual({
      x: { datatype: "INT64", shape: [1], data: BigInt64Array.of(2n ** 53n + 1n) },
    });
  });

  it("may name a tensor, a parameter or a member __proto__", () => {
    const input = { ...X, name: "__proto__" };
    const text = `{"__proto__":{"polluted":1},"parameters":{"__proto__":"p"},"inputs":[${JSON.stringify(input)}]}`;
    const { tensors, parameters } = decode(text);
    expect(Object.keys(tensors)).toEqual(["__proto__"]);
    expect(tensors["__proto__"]?.data).toEqual(Float32Array.of(1, 2));
    expect(Object.getOwnPropertyDescriptor(parameters, "__proto__")?.value).toBe("p");
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
