import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventParser, type ServerEvent } from "../../../client/events/event-parser.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function parse(...chunks: readonly (string | Uint8Array)[]): ServerEvent[] {
  const parser = new EventParser(1_000_000);
  return chunks.flatMap((chunk) => parser.push(typeof chunk === "string" ? utf8(chunk) : chunk));
}

const message = (data: string): ServerEvent => ({ type: "message", data });

describe("an event", () => {
  it.each([
    ["is its line of data", "data: one\n\n", [message("one")]],
    [
      "may have several, which line feeds join",
      "data: one\ndata:\ndata: three\n\n",
      [message("one\n\nthree")],
    ],
    [
      "loses one space ahead of its data, and no more",
      "data:one\n\ndata:  two\n\n",
      [message("one"), message(" two")],
    ],
    ["may be empty", "data\n\ndata:\n\n", [message(""), message("")]],
    [
      "may have a type, which is its own alone",
      "event: error\ndata: no\n\ndata: x\n\n",
      [{ type: "error", data: "no" }, message("x")],
    ],
    ["that has no data is none", "event: error\n\ndata: x\n\n", [message("x")]],
    [
      "is read past comments, ids and what is not known",
      ": hi\n:\nid: 7\nretry: 10\nother\ndata: x\n: y\n\n",
      [message("x")],
    ],
    ["keeps colons in its data", 'data: {"a":1}\n\n', [message('{"a":1}')]],
    ["ends with CR as well", "data: a\rdata: b\r\rdata: c\r\r", [message("a\nb"), message("c")]],
    ["ends with CRLF as well", "data: a\r\ndata: b\r\n\r\n", [message("a\nb")]],
    ["may mix line ends", "data: a\rdata: b\r\n\ndata: c\n\r", [message("a\nb"), message("c")]],
    ["may follow a byte order mark", "\ufeffdata: x\n\n", [message("x")]],
    ["may have one in its data", "data: \ufeffx\n\n", [message("\ufeffx")]],
    ["is thrown away where it does not end", "data: x\n\ndata: y\n", [message("x")]],
  ])("%s", (_what, text, events) => {
    expect(parse(text)).toEqual(events);
  });

  it("is given as soon as it has ended, though a line feed may follow its CR", () => {
    const parser = new EventParser(100);
    expect(parser.push(utf8("data: a\r\n\r"))).toEqual([message("a")]);
    expect(parser.push(utf8("\ndata: b\r\n\r"))).toEqual([message("b")]);
    expect(parser.within).toBe(false);
    parser.push(utf8("\n: bye"));
    expect(parser.within).toBe(false);
    parser.push(utf8("\ndata: c"));
    expect(parser.within).toBe(true);
  });

  it("is the same whatever the chunks, be they cut within a character or a line end", () => {
    const line = fc.oneof(
      fc.constantFrom("data: ", "event: é", ": 日本", "", "data: \u{1f600} x", "id", "retry: 1"),
      fc.string({ unit: "binary" }).map((text) => `data:${text.replaceAll(/[\r\n]/g, "")}`),
    );
    const end = fc.constantFrom("\n", "\r", "\r\n");
    const text = fc.array(fc.tuple(line, end)).map((lines) => lines.flat().join(""));
    fc.assert(
      fc.property(text, fc.array(fc.nat(9)), (whole, cuts) => {
        const bytes = utf8(whole);
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const length of cuts) chunks.push(bytes.subarray(at, (at += length)));
        chunks.push(bytes.subarray(at));
        expect(parse(...chunks)).toEqual(parse(bytes));
        expect(parse(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(parse(bytes));
      }),
    );
  });

  it.each([
    ["in one line", ["data: ", "x".repeat(60), "x".repeat(60)]],
    ["in many", Array.from({ length: 10 }, () => `data: ${"x".repeat(20)}\n`)],
    ["in a comment", [`:${"x".repeat(120)}`]],
  ])("that is larger than it may be is refused ahead of its end: %s", (_what, chunks) => {
    const parser = new EventParser(100);
    expect(() => chunks.forEach((chunk) => parser.push(utf8(chunk)))).toThrow("larger than 100 bytes");
  });

  it("may be as large as it may be, time and again", () => {
    const parser = new EventParser(100);
    const event = `data: ${"x".repeat(90)}\n\n`;
    for (let time = 0; time < 50; time++) expect(parser.push(utf8(event))).toHaveLength(1);
  });
});
