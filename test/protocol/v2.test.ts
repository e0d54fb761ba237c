import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DATATYPES, type Datatype } from "../../contract/datatype.ts";
import type { NamedTensor } from "../../contract/inference.ts";
import type { NamedTensors, Tensor } from "../../contract/tensor.ts";
import { DEFAULT_LIMITS } from "../../protocol/limits.ts";
import {
  type RequestedOutput,
  decodeV2Request,
  decodeV2Response,
  encodeV2Request,
  encodeV2Response,
} from "../../protocol/v2.ts";
import { anyText } from "../contract/texts.ts";
import { anyTensor, expectSame, tensorOf } from "./arbitraries.ts";
import { bytesOf, shifted } from "./bodies.ts";

const ALL = { outputs: undefined, binaryOutput: false };
const names = anyText({ minLength: 1, maxLength: 5 });
const parameters = fc.dictionary(
  names,
  fc.oneof(fc.boolean(), fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true })),
  { maxKeys: 3 },
);

/** Sends tensors to the server: as a client writes them and the server reads them. */
function sendRequest(tensors: NamedTensors, binary: boolean, offset = 0): NamedTensors {
  const body = encodeV2Request({ tensors, binary });
  expect(body.contentType).toBe(binary ? "application/octet-stream" : "application/json");
  return decodeV2Request(shifted(bytesOf(body), offset), body.jsonLength, DEFAULT_LIMITS).tensors;
}

/** Sends outputs back: as the server writes them and a client reads them. */
function sendResponse(
  tensors: readonly NamedTensor[],
  request: { outputs: readonly RequestedOutput[] | undefined; binaryOutput: boolean },
  offset = 0,
): readonly NamedTensor[] {
  const response = { modelName: "m", modelVersion: undefined, id: "i", tensors };
  const body = encodeV2Response(response, request, { nonFinite: "string" });
  return decodeV2Response(shifted(bytesOf(body), offset), body.jsonLength, DEFAULT_LIMITS).tensors;
}

describe.each(DATATYPES)("a tensor of %s", (datatype: Datatype) => {
  const offsets = fc.nat(8);

  it("arrives as it was sent, as JSON", () => {
    fc.assert(
      fc.property(tensorOf(datatype, { beyondJson: false }), (x) => {
        expectSame(sendRequest({ x }, false)["x"] as Tensor, x);
        expectSame(sendResponse([{ name: "x", ...x }], ALL)[0] as Tensor, x);
      }),
    );
  });

  it("arrives as it was sent, in binary form and at any offset", () => {
    fc.assert(
      fc.property(tensorOf(datatype, { beyondJson: true }), offsets, (x, offset) => {
        expectSame(sendRequest({ x }, true, offset)["x"] as Tensor, x);
        const back = sendResponse([{ name: "x", ...x }], { ...ALL, binaryOutput: true }, offset);
        expectSame(back[0] as Tensor, x);
      }),
    );
  });
});

describe.each(["FP16", "BF16", "FP32", "FP64"] as const)("a tensor of %s", (datatype) => {
  it("has its NaN and infinities said by the server's policy", () => {
    const isNan = (value: unknown) => value === null || value === "NaN";
    fc.assert(
      fc.property(tensorOf(datatype, { beyondJson: true }), (x) => {
        const response = { modelName: "m", modelVersion: undefined, id: "i", tensors: [{ name: "x", ...x }] };
        const read = (nonFinite: "null" | "string") => {
          const body = JSON.parse(bytesOf(encodeV2Response(response, ALL, { nonFinite })).toString()) as {
            outputs: [{ data: unknown[] }];
          };
          return body.outputs[0].data;
        };
        const strings = read("string");
        const nulls = read("null");
        expect(nulls).toEqual(strings.map((value) => (typeof value === "string" ? null : value)));
        const error = strings.findIndex((value) => typeof value === "string");
        const write = () => encodeV2Response(response, ALL, { nonFinite: "error" });
        if (error < 0) expect(write).not.toThrow();
        else expect(write).toThrow(`outputs[0].data[${error}]: JSON has no ${strings[error] as string}`);
        const back = sendResponse(response.tensors, ALL)[0]?.data as ArrayLike<number>;
        expect(back).toHaveLength(strings.length);
        expect(strings.filter(isNan)).toHaveLength(nanCount(x));
      }),
    );
  });
});

/** NaNs among the floats of a tensor, by their bits where these are held. */
function nanCount({ datatype, data }: Tensor): number {
  const infinity = datatype === "FP16" ? 0x7c00 : 0x7f80;
  const isNan = (value: number) =>
    datatype === "FP16" || datatype === "BF16" ? (value & 0x7fff) > infinity : Number.isNaN(value);
  return Array.from(data as ArrayLike<number>).filter(isNan).length;
}

describe("a V2 request", () => {
  it("arrives whole: its id, parameters, outputs, and many tensors of any kind in their order", () => {
    const outputs = fc.uniqueArray(
      fc.record({ name: names, binary: fc.option(fc.boolean(), { nil: undefined }) }),
      {
        selector: ({ name }) => name,
        minLength: 1,
        maxLength: 3,
      },
    );
    const requests = fc.record({
      id: fc.option(anyText(), { nil: undefined }),
      parameters: fc.option(parameters, { nil: undefined }),
      tensors: fc.uniqueArray(fc.tuple(names, anyTensor({ beyondJson: false })), {
        selector: ([name]) => name,
        minLength: 1,
        maxLength: 4,
      }),
      outputs: fc.option(outputs, { nil: undefined }),
      binary: fc.boolean(),
      binaryOutput: fc.boolean(),
    });
    fc.assert(
      fc.property(requests, ({ tensors, ...rest }) => {
        const named = Object.fromEntries(tensors);
        const body = encodeV2Request({ ...rest, tensors: named });
        const read = decodeV2Request(bytesOf(body), body.jsonLength, DEFAULT_LIMITS);
        expect(read.id).toBe(rest.id);
        expect(read.outputs).toEqual(rest.outputs);
        expect(read.binaryOutput).toBe(rest.binaryOutput);
        const { binary_data_output: _flag, ...others } = read.parameters;
        expect(Object.entries(others)).toEqual(
          Object.entries(rest.parameters ?? {}).filter(([name]) => name !== "binary_data_output"),
        );
        expect(Object.keys(read.tensors)).toEqual(Object.keys(named));
        for (const [name, made] of Object.entries(named)) expectSame(read.tensors[name] as Tensor, made);
      }),
    );
  });
});

describe("a V2 answer", () => {
  it("has the outputs that were asked for, in that order, each in the form that was asked for", () => {
    const tensors = fc.uniqueArray(fc.tuple(names, anyTensor({ beyondJson: false })), {
      selector: ([name]) => name,
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(
        tensors,
        fc.infiniteStream(fc.constantFrom(true, false, undefined)),
        fc.boolean(),
        (list, forms, all) => {
          const made = list.map(([name, tensor]) => ({ name, ...tensor }));
          const outputs = made.map(({ name }) => ({ name, binary: forms.next().value })).reverse();
          const read = sendResponse(made, { outputs, binaryOutput: all });
          expect(read.map(({ name }) => name)).toEqual(outputs.map(({ name }) => name));
          made.forEach((tensor, index) => expectSame(read[made.length - 1 - index] as NamedTensor, tensor));
          const whole = sendResponse(made, { outputs: undefined, binaryOutput: all });
          made.forEach((tensor, index) => expectSame(whole[index] as NamedTensor, tensor));
        },
      ),
    );
  });
});
