import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, nearest } from "../../contract/nearest.ts";
import { SERVER_OPTIONS } from "../../runtime/option-table.ts";

describe("the edit distance", () => {
  it.each([
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "", 3],
    ["serve", "serve", 0],
    ["serv", "serve", 1],
    ["srever", "server", 1],
    ["sevre", "serve", 1],
    ["kitten", "sitting", 3],
    ["ca", "abc", 3],
  ])("between %j and %j is %i", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it("is the same both ways, and no more than the longer word is long", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });
});

describe("the nearest of the server's flags", () => {
  const flags = SERVER_OPTIONS.map(({ flag }) => flag);

  it.each([
    ["http_prot", ["http_port"]],
    ["htpp-port", ["http_port"]],
    ["HTTP_PORT", ["http_port"]],
    ["worker", ["workers"]],
    ["modelname", ["model_name"]],
    ["modle_dir", ["model_dir"]],
  ])("%s is %j, by its letters", (typed, names) => {
    expect(nearest(typed, flags)).toEqual(names);
  });

  it.each([
    ["port", ["http_port", "grpc_port"]],
    ["threads", ["intra_op_threads"]],
    ["timeout", ["request_timeout_ms", "timeout_keep_alive", "predictor_request_timeout_seconds"]],
  ])("%s is %j, by one of its words", (typed, names) => {
    expect(nearest(typed, flags)).toEqual(names);
  });

  it.each(["frobnicate", "max", "x", ""])("%j is none", (typed) => {
    expect(nearest(typed, flags)).toEqual([]);
  });
});
