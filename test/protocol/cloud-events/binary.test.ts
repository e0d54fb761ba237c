import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerAttributes, binaryEventHeaders, readBinaryEvent } from "../../../protocol/cloud-events.ts";

const HEADERS = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "s", "ce-type": "t" };

describe("a binary event", () => {
  it("has its attributes in headers, and the type of its data in Content-Type", () => {
    const headers = { ...HEADERS, "ce-subject": "x", "content-type": "application/json", host: "h" };
    expect(readBinaryEvent(headers)).toEqual({
      specversion: "1.0",
      id: "1",
      source: "s",
      type: "t",
      subject: "x",
      datacontenttype: "application/json",
    });
  });

  it.each(["ce-specversion", "ce-id", "ce-source", "ce-type"])("is none without %s", (name) => {
    expect(readBinaryEvent({ ...HEADERS, [name]: undefined })).toBeUndefined();
  });

  it("may have a header that the Python server fails on", () => {
    expect(readBinaryEvent({ ...HEADERS, "ce-contenttype": "application/json" })).toMatchObject({ id: "1" });
  });

  it("is refused where its version is not known", () => {
    expect(() => readBinaryEvent({ ...HEADERS, "ce-specversion": "9.0" })).toThrow(
      "Cloud Event Exceptions: Found invalid specversion 9.0",
    );
  });

  it("takes a percent sign that encodes nothing for itself", () => {
    expect(readBinaryEvent({ ...HEADERS, "ce-subject": "100%" })).toMatchObject({ subject: "100%" });
  });

  it("carries any text both ways", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (subject) => {
        const written = binaryEventHeaders({ specversion: "1.0", id: "1", source: "s", type: "t", subject });
        expect(written.join("")).toMatch(/^[\x21-\x7e]*$/);
        const headers: Record<string, string> = {};
        for (let at = 0; at < written.length; at += 2)
          headers[written[at] as string] = written[at + 1] as string;
        expect(readBinaryEvent(headers)).toMatchObject({ subject });
      }),
      { seed: 1 },
    );
  });
});

describe("the attributes of an answer", () => {
  const settings = { ceSource: undefined, ceType: "io.kserve.inference.response", ceMerge: false };
  const request = {
    specversion: "1.0",
    id: "1",
    source: "s",
    type: "t",
    time: "then",
    datacontenttype: "text/json",
    subject: "x",
    extra: 3,
  };

  it("are KServe's", () => {
    expect(answerAttributes(request, "m", settings)).toEqual({
      specversion: "1.0",
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      source: "io.kserve.inference.m",
      type: "io.kserve.inference.response",
      time: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it("keep the request's where they are merged, but for its id, time and data's type", () => {
    const merged = { ceSource: "mine", ceType: "of.mine", ceMerge: true };
    expect(answerAttributes(request, "m", merged)).toEqual({
      specversion: "1.0",
      id: expect.not.stringMatching(/^1$/),
      source: "mine",
      type: "of.mine",
      time: expect.not.stringMatching("then"),
      subject: "x",
      extra: 3,
    });
  });
});
