import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memberSpans } from "../../../protocol/json/member-spans.ts";

function spansOf(text: string): Record<string, string> | undefined {
  const spans = memberSpans(Buffer.from(text));
  return (
    spans && Object.fromEntries([...spans].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]))
  );
}

describe("the members of a JSON object's bytes", () => {
  it.each([
    ['{"a":1,"b":[1,{"c":"}"}],"d":"x\\"y,"}', { a: "1", b: '[1,{"c":"}"}]', d: '"x\\"y,"' }],
    [' { "a" : 12345678901234567890 , "b" : null } ', { a: "12345678901234567890", b: "null" }],
    ['{"\\u0061":"日本"}', { a: '"日本"' }],
    ['{"a":1,"a":2}', { a: "2" }],
    ["{}", {}],
    [" {\t} ", {}],
  ])("are found in %s", (text, members) => {
    expect(spansOf(text)).toEqual(members);
  });

  it.each([
    "",
    "[]",
    "1",
    '"x"',
    "{",
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":}',
    '{"a":1,}',
    '{"a":1}x',
    "{a:1}",
    '{"a" 1}',
  ])("are none in %j", (text) => {
    expect(spansOf(text)).toBeUndefined();
  });

  it("say the same as JSON.parse, whatever the object and its spaces", () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(object, fc.constantFrom(0, 2), (value, indent) => {
        const spans = memberSpans(Buffer.from(JSON.stringify(value, null, indent)));
        const read = [...(spans ?? [])].map(([name, bytes]) => [
          name,
          JSON.parse(Buffer.from(bytes).toString()),
        ]);
        expect(Object.fromEntries(read)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { seed: 1 },
    );
  });

  it("never fail on bytes that are anything", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\ a1') }), (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        const spans = spansOf(text);
        if (isJson && text.trim().startsWith("{")) expect(spans).toBeDefined();
      }),
      { seed: 2, numRuns: 2000 },
    );
  });
});
