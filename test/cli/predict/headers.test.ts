import { describe, expect, it } from "vitest";
import { readHeaders } from "../../../cli/predict/headers.ts";

describe("headers of the command line", () => {
  it("are names and values, the last of a name wins", () => {
    expect(readHeaders(["Authorization: Bearer a:b", "x-a:1", "X-A:  2"])).toEqual({
      authorization: "Bearer a:b",
      "x-a": "2",
    });
  });

  it.each(["Authorization", ": x", "a b: c", "a: b\r\nc: d"])("refuse %j", (text) => {
    expect(() => readHeaders([text])).toThrow(`--header is ${JSON.stringify(text)}, expected 'Name: value'`);
  });
});
