import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KtsError } from "../../contract/errors.ts";
import { tensor } from "../../contract/tensor.ts";
import { DEFAULT_LIMITS } from "../../protocol/limits.ts";
import { decodeV1Request, encodeV1Request } from "../../protocol/v1.ts";
import { decodeV2Request, encodeV2Request } from "../../protocol/v2.ts";
import { anyTensor } from "./arbitraries.ts";
import { bytesOf, json } from "./bodies.ts";

/** Small, so that spoilt bodies reach the limits too. */
const SMALL = { maxDepth: 8, maxTensorBytes: 2048 };

/** Expects a value, or an error of ours that is the client's fault, with a message. */
function expectSettled(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof KtsError)) throw error;
    expect([400, 413]).toContain(error.status);
    expect(error.message).toMatch(/\S/);
    expect(error.message.length).toBeLessThan(1000);
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
}

function expectAllSettled(body: Uint8Array, jsonLength?: number): void {
  for (const limits of [DEFAULT_LIMITS, SMALL]) {
    expectSettled(() => decodeV1Request(body, limits));
    expectSettled(() => decodeV2Request(body, undefined, limits));
    if (jsonLength !== undefined) expectSettled(() => decodeV2Request(body, jsonLength, limits));
  }
}

/** Pieces that readers trip over. */
const TOKENS = [
  ...'[]{}:,"\\-0e.',
  "1e999",
  "99999999999999999999",
  "9".repeat(400),
  '"data":[',
  '"data":[1,',
  '"__proto__":{"polluted":1},',
  '{"toString":1}',
  '{"valueOf":null,"toString":null}',
  '"binary_data_size":4294967296',
  "[".repeat(70),
  "NaN",
  "\\ud800",
  "\u0000",
  "\ufeff",
  "  ",
];

/** A way to spoil bytes: at a share of their length, with a share of the choices. */
const spoilings = fc.array(
  fc.record({
    kind: fc.constantFrom("flip", "cut", "remove", "repeat", "token", "behind" as const),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    pick: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  }),
  { minLength: 1, maxLength: 3 },
);
type Spoiling = typeof spoilings extends fc.Arbitrary<(infer One)[]> ? One : never;

function spoil(body: Buffer, { kind, at, pick }: Spoiling): Buffer {
  const place = Math.floor(at * body.length);
  const until = place + 1 + Math.floor(pick * 40);
  const splice = (end: number, middle: Uint8Array) =>
    Buffer.concat([body.subarray(0, place), middle, body.subarray(end)]);
  switch (kind) {
    case "flip":
      return splice(place + 1, Buffer.of(pick * 256));
    case "cut":
      return body.subarray(0, place);
    case "remove":
      return splice(until, Buffer.alloc(0));
    case "repeat":
      return splice(place, body.subarray(place, until));
    case "token":
      return splice(place, Buffer.from(TOKENS[Math.floor(pick * TOKENS.length)] as string));
    case "behind":
      return Buffer.concat([body, Buffer.alloc(Math.floor(pick * 20))]);
  }
}

describe("a decoder of requests", () => {
  it("settles random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: -2, max: 210 }), expectAllSettled),
      { numRuns: 250 },
    );
  });

  it("settles random JSON", () => {
    fc.assert(
      fc.property(fc.json().map(json), (body) => expectAllSettled(body)),
      { numRuns: 150 },
    );
  });

  it("settles requests whose members are random JSON", () => {
    const member = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(
        "x",
        "FP32",
        "INT64",
        "BYTES",
        [2],
        [1, 2],
        8,
        { binary_data_size: 8 },
        [1, 2],
        ["a"],
        -1,
        1e300,
      ),
    );
    const tensors = fc.record(
      { name: member, shape: member, datatype: member, data: member, parameters: member },
      { requiredKeys: [] },
    );
    const requests = fc.record(
      {
        inputs: fc.oneof(fc.array(tensors), member),
        outputs: member,
        parameters: member,
        id: member,
        instances: member,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(requests.map(json), (body) => expectAllSettled(body, body.length)),
      { numRuns: 300 },
    );
  });

  const inputs = fc.uniqueArray(fc.tuple(fc.string({ maxLength: 3 }), anyTensor({ beyondJson: false })), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 3,
  });

  it("settles right requests that were spoilt, and lengths of the JSON part that are off", () => {
    const requests = fc.record({
      tensors: inputs,
      binary: fc.boolean(),
      spoilings,
      off: fc.integer({ min: -9, max: 9 }),
    });
    fc.assert(
      fc.property(requests, ({ tensors, binary, spoilings: list, off }) => {
        const body = encodeV2Request({
          tensors: Object.fromEntries(tensors),
          binary,
          outputs: [{ name: "y", binary }],
        });
        const bytes = bytesOf(body);
        expectAllSettled(bytes, (body.jsonLength ?? bytes.length) + off);
        expectAllSettled(list.reduce(spoil, bytes), body.jsonLength ?? bytes.length);
      }),
      { numRuns: 250 },
    );
  });

  it("settles V1 requests that were spoilt", () => {
    fc.assert(
      fc.property(inputs, spoilings, (tensors, list) => {
        const instances = tensors.map(([name, value]) => ({ [name]: value }));
        expectAllSettled(list.reduce(spoil, bytesOf(encodeV1Request(instances, { p: "q" }))));
      }),
      { numRuns: 200 },
    );
  });

  it("settles long numbers that were spoilt, which are read apart", () => {
    const numbers = Array.from({ length: 300 }, (_, index) => (index % 7 === 0 ? index * 1e10 : index / 8));
    const x = tensor("FP64", [300], numbers);
    const k = tensor("INT32", [300], new Int32Array(300).fill(-12345));
    const bytes = bytesOf(encodeV2Request({ tensors: { x, k }, binary: false }));
    expect(bytes.length).toBeGreaterThan(2 * 2048);
    fc.assert(
      fc.property(spoilings, (list) => {
        const spoilt = list.reduce(spoil, bytes);
        expectAllSettled(spoilt, bytes.length);
        // Read apart or not, it is the same request.
        const other = Buffer.concat([Buffer.from(" "), spoilt])
          .toString()
          .replaceAll('"data":[', '"data": [');
        expect(outcome(Buffer.from(other))).toEqual(outcome(Buffer.from(` ${spoilt.toString()}`)));
      }),
      { numRuns: 150 },
    );
  });
});

/** What a body decodes to, or how it is refused; without the place, which white space moves. */
function outcome(body: Uint8Array): unknown {
  try {
    return decodeV2Request(body, undefined, DEFAULT_LIMITS);
  } catch (error) {
    return String(error).replace(/: line .*/, "");
  }
}
