import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { b3FormsOf, readTraceParent, writeTraceContext } from "../../../runtime/telemetry/trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const W3C = `00-${TRACE}-${SPAN}-01`;

describe("the caller's span", () => {
  it.each<[string, Record<string, string>, boolean]>([
    ["W3C", { traceparent: W3C }, true],
    ["W3C, not sampled", { traceparent: `00-${TRACE}-${SPAN}-00` }, false],
    ["W3C of a later version", { traceparent: `01-${TRACE}-${SPAN}-03-more` }, true],
    ["B3 in one header", { b3: `${TRACE}-${SPAN}-1` }, true],
    ["B3 with a parent, for debugging", { b3: `${TRACE}-${SPAN}-d-05e3ac9a4f6e3b90` }, true],
    ["B3 that leaves the decision", { b3: `${TRACE}-${SPAN}` }, true],
    ["B3 in one header, not sampled", { b3: `${TRACE}-${SPAN}-0` }, false],
    ["B3 in several", { "x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-sampled": "1" }, true],
    ["B3 in several, in capitals", { "x-b3-traceid": TRACE.toUpperCase(), "x-b3-spanid": SPAN }, true],
    [
      "B3 in several, not sampled",
      { "x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-sampled": "false" },
      false,
    ],
    ["W3C before B3", { traceparent: W3C, b3: "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-0" }, true],
    ["B3 where W3C is malformed", { traceparent: "00-x", b3: `${TRACE}-${SPAN}-1` }, true],
  ])("is read from %s", (_form, headers, sampled) => {
    expect(readTraceParent(headers)).toEqual({
      traceId: TRACE,
      spanId: SPAN,
      sampled,
      traceState: undefined,
    });
  });

  it("has 32 digits where B3 gives 16", () => {
    expect(readTraceParent({ b3: `${SPAN}-${SPAN}-1` })?.traceId).toBe(`0000000000000000${SPAN}`);
  });

  it("has W3C's state beside it", () => {
    expect(readTraceParent({ traceparent: W3C, tracestate: "a=1,b=2" })?.traceState).toBe("a=1,b=2");
  });

  it.each<[string, Record<string, string>]>([
    ["no header", {}],
    ["zeros for a trace", { traceparent: `00-${"0".repeat(32)}-${SPAN}-01` }],
    ["zeros for a span", { traceparent: `00-${TRACE}-${"0".repeat(16)}-01` }],
    ["the version that never will be", { traceparent: `ff-${TRACE}-${SPAN}-01` }],
    ["version 0 with more", { traceparent: `${W3C}-more` }],
    ["capitals in W3C", { traceparent: W3C.toUpperCase() }],
    ["B3 without a span", { "x-b3-traceid": TRACE }],
    ["B3 that is none", { b3: "yes please" }],
  ])("is none with %s", (_case, headers) => {
    expect(readTraceParent(headers)).toBeUndefined();
  });

  it.each([{ b3: "0" }, { "x-b3-sampled": "0" }])(
    "is one that nobody records where the caller says no: %j",
    (headers) => {
      expect(readTraceParent(headers)?.sampled).toBe(false);
    },
  );

  it("never throws, whatever the headers", () => {
    const name = fc.constantFrom(
      "traceparent",
      "tracestate",
      "b3",
      "x-b3-traceid",
      "x-b3-spanid",
      "x-b3-sampled",
    );
    fc.assert(
      fc.property(fc.dictionary(name, fc.string()), (headers) => {
        readTraceParent(headers);
      }),
      { seed: 1 },
    );
  });
});

describe("our span in headers", () => {
  const own = { traceId: TRACE, spanId: "1111111111111111", sampled: true, traceState: undefined };

  it("is W3C's, and B3's in the forms that were there", () => {
    const headers: Record<string, string> = {
      "x-b3-traceid": "a",
      "x-b3-parentspanid": "b",
      b3: "c",
      tracestate: "d",
    };
    writeTraceContext(headers, { ...own, b3: b3FormsOf(headers) });
    expect(headers).toEqual({
      traceparent: `00-${TRACE}-1111111111111111-01`,
      b3: `${TRACE}-1111111111111111-1`,
      "x-b3-traceid": TRACE,
      "x-b3-spanid": "1111111111111111",
      "x-b3-sampled": "1",
    });
  });

  it("is W3C's alone where there was no B3", () => {
    const headers: Record<string, string> = {};
    writeTraceContext(headers, { ...own, sampled: false, traceState: "a=1", b3: b3FormsOf(headers) });
    expect(headers).toEqual({ traceparent: `00-${TRACE}-1111111111111111-00`, tracestate: "a=1" });
  });
});
