import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";
import { decodeV2Request } from "../../../protocol/v2.ts";
import { json, refusal } from "../bodies.ts";

const decode = (value: unknown, jsonLength?: number) =>
  decodeV2Request(json(value), jsonLength, DEFAULT_LIMITS);
const X = { name: "x", shape: [2], datatype: "FP32", data: [1, 2] };
const REQUEST = { inputs: [X] };

/** A request with one input, some members of it changed. */
const withInput = (members: object) => ({ inputs: [{ ...X, ...members }] });
const withValue = (datatype: string, value: unknown) => withInput({ datatype, shape: [1], data: [value] });
const NAN = "JSON has no NaN";
/** Bad requests, with how the message of each starts. */
const BAD: readonly (readonly [unknown, string])[] = [
  ["", "Unrecognized request format: the body is empty"],
  ['{"inputs":', "Unrecognized request format: expected a value, but the text ends"],
  [
    `{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[NaN]}]}`,
    `Unrecognized request format: ${NAN}`,
  ],
  ["null", "expected a JSON object, got null"],
  ["[]", "expected a JSON object, got an array of 0"],
  ['"x"', 'expected a JSON object, got the string "x"'],
  [{}, "inputs: expected an array of tensors, got nothing"],
  [{ inputs: null }, "inputs: expected an array of tensors, got null"],
  [{ inputs: {} }, "inputs: expected an array of tensors, got an empty object"],
  [{ inputs: [] }, "inputs: expected an array of tensors, got an empty array"],
  [{ inputs: [X, 5] }, "inputs[1]: expected a JSON object, got the number 5"],
  [{ inputs: [[X]] }, "inputs[0]: expected a JSON object, got an array of 1"],
  [{ inputs: [X, X] }, 'inputs[1].name: the name "x" is given twice'],
  [withInput({ name: undefined }), "inputs[0].name: expected a name, got nothing"],
  [withInput({ name: "" }), "inputs[0].name: expected a name, got an empty string"],
  [withInput({ name: 5 }), "inputs[0].name: expected a name, got the number 5"],
  [withInput({ datatype: undefined }), "inputs[0].datatype: invalid datatype: expected BOOL, "],
  [withInput({ datatype: "FLOAT" }), "inputs[0].datatype: invalid datatype"],
  [withInput({ datatype: "toString" }), "inputs[0].datatype: invalid datatype"],
  [withInput({ datatype: 32 }), "inputs[0].datatype: invalid datatype"],
  [withInput({ shape: undefined }), "inputs[0].shape: expected an array of lengths, got nothing"],
  [withInput({ shape: 2 }), "inputs[0].shape: expected an array of lengths, got the number 2"],
  [withInput({ shape: [2, -1] }), "inputs[0].shape[1]: expected a length (an integer of 0 or more), got -1"],
  [withInput({ shape: [1.5] }), "inputs[0].shape[0]: expected a length (an integer of 0 or more), got 1.5"],
  [
    withInput({ shape: ["2"] }),
    'inputs[0].shape[0]: expected a length (an integer of 0 or more), got the string "2"',
  ],
  [
    withInput({ shape: [1, null] }),
    "inputs[0].shape[1]: expected a length (an integer of 0 or more), got null",
  ],
  [withInput({ shape: [2 ** 53] }), "inputs[0].shape[0]: expected a length"],
  [withInput({ shape: Array(65).fill(1) }), "inputs[0].shape: expected at most 64 dimensions, got 65"],
  [
    withInput({ shape: [1e15, 1e15] }),
    "inputs[0].data: expected 1e+30 elements for shape [1000000000000000, ",
  ],
  [withInput({ parameters: [] }), "inputs[0].parameters: expected a JSON object, got an array of 0"],
  [
    withInput({ parameters: { a: null } }),
    "inputs[0].parameters.a: expected a number, a string, true or false",
  ],
  [withInput({ data: undefined }), "inputs[0].data: 'data' field is missing for input 'x'"],
  [withInput({ data: null }), "inputs[0].data: 'data' field is missing for input 'x'"],
  [withInput({ data: 5 }), "inputs[0].data: expected an array, got the number 5"],
  [withInput({ data: "12" }), 'inputs[0].data: expected an array, got the string "12"'],
  [withInput({ data: { length: 2 } }), "inputs[0].data: expected an array, got an object with length"],
  [withInput({ data: [1] }), "inputs[0].data: expected 2 elements for shape [2], got 1"],
  [withInput({ data: [1, 2, 3] }), "inputs[0].data: expected 2 elements for shape [2], got 3"],
  [
    withInput({ shape: [2, 3], data: [[1, 2, 3]] }),
    "inputs[0].data: expected 6 elements for shape [2, 3], got 3 nested as [1, 3]",
  ],
  [
    withInput({
      shape: [2, 3],
      data: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    }),
    "inputs[0].data: expected 6 elements for shape [2, 3], got 6 nested as [3, 2]",
  ],
  [withInput({ shape: [2, 2], data: [[1, 2], [3]] }), "inputs[0].data[1]: expected 2 numbers, got 1"],
  [
    withInput({ shape: [2, 1], data: [[1], 2] }),
    "inputs[0].data[1]: expected an array of 1, got the number 2",
  ],
  [withInput({ data: [1, [2]] }), "inputs[0].data[1]: expected an FP32 number"],
  [
    withInput({ data: [1, "2"] }),
    'inputs[0].data[1]: expected an FP32 number (at most 3.4028e38), got the string "2"',
  ],
  [
    withInput({ data: [null, 1] }),
    "inputs[0].data[0]: expected an FP32 number (at most 3.4028e38), got null",
  ],
  [withInput({ data: [1, true] }), "inputs[0].data[1]: expected an FP32 number"],
  [
    withInput({ data: [1, 1e39] }),
    "inputs[0].data[1]: expected an FP32 number (at most 3.4028e38), got 1e+39",
  ],
  [
    JSON.stringify(withValue("FP64", 0)).replace("[0]", "[1e400]"),
    "inputs[0].data[0]: expected an FP64 number, got Infinity",
  ],
  [withValue("FP16", 65520), "inputs[0].data[0]: expected an FP16 number (at most 65504), got 65520"],
  [withValue("BOOL", 2), "inputs[0].data[0]: expected a BOOL (true or false), got 2"],
  [withValue("INT8", 128), "inputs[0].data[0]: expected an INT8 (-128 to 127), got 128"],
  [withValue("UINT8", -1), "inputs[0].data[0]: expected a UINT8 (0 to 255), got -1"],
  [withValue("INT32", 1.5), "inputs[0].data[0]: expected an INT32 (-2147483648 to 2147483647), got 1.5"],
  [
    withValue("INT32", { toString: 1 }),
    "inputs[0].data[0]: expected an INT32 (-2147483648 to 2147483647), got an object",
  ],
  [withValue("INT16", [{ toString: 1, valueOf: 1 }]), "inputs[0].data"],
  [withValue("INT64", 1.5), "inputs[0].data[0]: expected an INT64 "],
  [
    JSON.stringify(withValue("INT64", 0)).replace("[0]", "[9223372036854775808]"),
    "inputs[0].data[0]: expected an INT64 (-9223372036854775808 to 9223372036854775807), got 9223372036854775808",
  ],
  [
    JSON.stringify(withValue("UINT64", 0)).replace("[0]", "[18446744073709551616]"),
    "inputs[0].data[0]: expected a UINT64",
  ],
  [withValue("BYTES", 5), "inputs[0].data[0]: expected a BYTES text, got 5"],
  [
    '{"inputs":[{"name":"x","shape":[1],"datatype":"BYTES","data":["\\ud800"]}]}',
    "inputs[0].data[0]: expected a BYTES text, got a string with half a surrogate pair",
  ],
  [
    withInput({ parameters: { binary_data_size: 8 } }),
    "inputs[0]: has both data and parameters.binary_data_size",
  ],
  [
    withInput({ data: undefined, parameters: { binary_data_size: 8 } }),
    "inputs[0].parameters.binary_data_size: the body has no binary part",
  ],
  [{ ...REQUEST, id: 5 }, "id: expected a string, got the number 5"],
  [{ ...REQUEST, parameters: "x" }, 'parameters: expected a JSON object, got the string "x"'],
  [
    { ...REQUEST, parameters: { x: {} } },
    "parameters.x: expected a number, a string, true or false, got an empty object",
  ],
  [
    { ...REQUEST, parameters: { x: null } },
    "parameters.x: expected a number, a string, true or false, got null",
  ],
  [
    '{"parameters":{"x":1e400},"inputs":[]}',
    "parameters.x: expected a number, a string, true or false, got the number Infinity",
  ],
  [
    { ...REQUEST, parameters: { binary_data_output: "true" } },
    'parameters.binary_data_output: expected true or false, got the string "true"',
  ],
  [{ ...REQUEST, outputs: {} }, "outputs: expected an array, got an empty object"],
  [{ ...REQUEST, outputs: ["y"] }, 'outputs[0]: expected a JSON object, got the string "y"'],
  [{ ...REQUEST, outputs: [{}] }, "outputs[0].name: expected a name, got nothing"],
  [{ ...REQUEST, outputs: [{ name: "" }] }, "outputs[0].name: expected a name, got an empty string"],
  [
    { ...REQUEST, outputs: [{ name: "y" }, { name: "y" }] },
    'outputs[1].name: the output "y" is asked for twice',
  ],
  [{ ...REQUEST, outputs: [{ name: "y", parameters: 1 }] }, "outputs[0].parameters: expected a JSON object"],
  [
    { ...REQUEST, outputs: [{ name: "y", parameters: { binary_data: 1 } }] },
    "outputs[0].parameters.binary_data: expected true or false, got the number 1",
  ],
];

describe("a bad V2 request", () => {
  it.each(BAD.map(([body, message]) => [message, body] as const))("is told: %s", (message, body) => {
    const error = refusal(() => decode(body));
    expect(error.message.slice(0, message.length)).toBe(message);
    expect(error).toMatchObject({ code: "KTS_INVALID_INPUT", status: 400 });
    const path = /^(?:inputs|outputs|parameters|id)\S*(?=: )/.exec(error.message)?.[0];
    expect(error.path).toBe(path);
  });

  it("is told in few words, however long its own are", () => {
    const long = "n".repeat(100_000);
    for (const body of [
      withInput({ name: long, data: undefined }),
      {
        inputs: [
          { ...X, name: long },
          { ...X, name: long },
        ],
      },
      withInput({ datatype: long }),
      withInput({ parameters: { [long]: null } }),
      { ...REQUEST, parameters: { [long]: null } },
      { ...REQUEST, outputs: [{ name: long }, { name: long }] },
      withInput({ data: [1, long] }),
      withInput({ data: { [long]: 1 } }),
      withInput({ shape: [long] }),
    ]) {
      expect(refusal(() => decode(body)).message.length).toBeLessThan(500);
    }
  });

  it("is told with the place in the whole body, also behind numbers that were read apart", () => {
    const numbers = Array.from({ length: 2000 }, (_, index) => index / 2);
    const head = JSON.stringify({ inputs: [{ ...X, data: numbers }], pad: "x".repeat(3000) });
    for (const tail of [",}", " 5}", '"']) {
      const body = head.slice(0, -1) + tail;
      const place = (/at position \d+/.exec(String(thrownBy(() => JSON.parse(body)))) ?? [""])[0];
      const char = place === "" ? undefined : Number(place.slice("at position ".length));
      const message = refusal(() => decode(body)).message;
      const ours = Number(/\(char (\d+)\)$/.exec(message)?.[1]);
      expect(ours).toBe(char ?? body.length);
    }
  });
});

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}
