import { describe, expect, it } from "vitest";
import { jsonBody } from "../../../protocol/body.ts";
import { readStructuredEvent, structuredEventBody } from "../../../protocol/cloud-events.ts";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";

const CONTEXT = { specversion: "1.0", id: "1", source: "s", type: "t" };

function read(value: unknown, isMarked = true) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const event = readStructuredEvent(Buffer.from(text), isMarked, DEFAULT_LIMITS);
  return event && { ...event, attributes: { ...event.attributes }, data: Buffer.from(event.data).toString() };
}

describe("a structured event", () => {
  it("gives its data as the bytes they are, whether or not it has a time", () => {
    const data = '{"instances":[18446744073709551615, 1e2]}';
    const head = '{"specversion":"1.0","id":"1","source":"s","type":"t"';
    const expected = { data, isRaw: false };
    expect(read(`${head},"data":${data}}`)).toMatchObject(expected);
    expect(read(`${head},"time":"2026-01-01T00:00:00Z","data":${data}}`)).toMatchObject(expected);
  });

  it("gives its attributes and extensions, without those that are null", () => {
    expect(read({ ...CONTEXT, subject: "x", size: 3, flag: true, none: null, data: {} })?.attributes).toEqual(
      {
        ...CONTEXT,
        subject: "x",
        size: 3,
        flag: true,
      },
    );
  });

  it.each([
    ["data_base64", { data_base64: "e30=" }],
    [
      "version 0.3 and its datacontentencoding",
      { specversion: "0.3", datacontentencoding: "base64", data: "e30=" },
    ],
    ["a text that is no JSON", { datacontenttype: "text/plain", data: "{}" }],
  ])("gives the bytes of %s", (_case, members) => {
    expect(read({ ...CONTEXT, ...members })).toMatchObject({ data: "{}", isRaw: true });
  });

  it("is a plain body where it has no version, or where nothing marks it and something is missing", () => {
    expect(read({ instances: [] })).toBeUndefined();
    expect(read({ specversion: "1.0", id: "1", data: {} }, false)).toBeUndefined();
    expect(read("[1]")).toBeUndefined();
    expect(read("{", false)).toBeUndefined();
  });

  it("is one without a mark where nothing is missing", () => {
    expect(read({ ...CONTEXT, data: [] }, false)?.data).toBe("[]");
  });

  it.each<[string, unknown, string]>([
    ["an unknown version", { ...CONTEXT, specversion: "9.0", data: {} }, "Found invalid specversion 9.0"],
    ["a version that is no text", { ...CONTEXT, specversion: 1, data: {} }, "Found invalid specversion 1,"],
    ["no id", { ...CONTEXT, id: undefined, data: {} }, "id: the event has no id"],
    ["a source that is no text", { ...CONTEXT, source: 1, data: {} }, "source: the event has no source"],
    ["no data", CONTEXT, "data: the event has no data"],
    [
      "data twice",
      { ...CONTEXT, data: {}, data_base64: "" },
      "data_base64: expected data or data_base64, not both",
    ],
    [
      "what is not base64",
      { ...CONTEXT, data_base64: "?" },
      'data_base64: expected base64, got the string "?"',
    ],
    ["an attribute that is an object", { ...CONTEXT, subject: {}, data: {} }, "subject: expected a string"],
    [
      "an endless attribute",
      { ...CONTEXT, subject: "x".repeat(20_000), data: {} },
      "subject: is longer than",
    ],
    ["no JSON", "{", "Unrecognized request format"],
  ])("is refused with the place: %s", (_case, value, message) => {
    expect(() => read(value)).toThrow(message);
  });

  it("keeps an attribute called __proto__ an attribute", () => {
    const event = read(`${JSON.stringify({ ...CONTEXT, data: {} }).slice(0, -1)},"__proto__":"x"}`);
    expect(Object.keys(event?.attributes ?? {})).toContain("__proto__");
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });
});

describe("an answer as a structured event", () => {
  function write(body: Parameters<typeof structuredEventBody>[1]) {
    const { contentType, jsonLength, head, tail } = structuredEventBody(CONTEXT, body);
    const text = Buffer.concat([Buffer.from(head), ...tail]).toString();
    return { contentType, jsonLength, text };
  }

  it("has JSON as its data, of one piece or several", () => {
    const text = '{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"predictions":[1]}}';
    const contentType = "application/cloudevents+json";
    expect(write(jsonBody({ head: '{"predictions":[1]}', tail: [] }))).toEqual({
      contentType,
      jsonLength: undefined,
      text,
    });
    const tail = [Buffer.from("[1"), Buffer.from("]}")];
    expect(write(jsonBody({ head: '{"predictions":', tail })).text).toBe(text);
  });

  it("has a text as a string, with its type", () => {
    const { text } = write({
      ...jsonBody({ head: 'say "hi"', tail: [] }),
      contentType: "text/plain; charset=utf-8",
    });
    expect(JSON.parse(text)).toEqual({
      ...CONTEXT,
      datacontenttype: "text/plain; charset=utf-8",
      data: 'say "hi"',
    });
  });

  it("has binary tensors as base64, and says where their JSON ends", () => {
    const body = {
      contentType: "application/octet-stream",
      jsonLength: 2,
      head: "{}",
      tail: [Buffer.of(0, 255)],
    };
    const { text, jsonLength } = write(body);
    expect(jsonLength).toBe(2);
    expect(JSON.parse(text)).toMatchObject({
      datacontenttype: "application/octet-stream",
      data_base64: Buffer.from([0x7b, 0x7d, 0, 255]).toString("base64"),
    });
  });
});
