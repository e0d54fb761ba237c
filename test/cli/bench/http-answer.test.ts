import { describe, expect, it } from "vitest";
import { type HttpAnswer, HttpAnswerReader } from "../../../cli/bench/load/http-answer.ts";

/** Reads bytes in pieces of a size. */
function read(text: string, pieceBytes: number): (HttpAnswer | undefined)[] {
  const reader = new HttpAnswerReader();
  const bytes = Buffer.from(text, "latin1");
  const answers: (HttpAnswer | undefined)[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const answer = reader.push(bytes.subarray(at, at + pieceBytes));
    if (answer !== undefined) answers.push(answer);
  }
  answers.push(reader.end());
  return answers;
}

const WITH_LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const REFUSED = "HTTP/1.1 429 Too Many\r\ncontent-length: 4\r\nRetry-After: 1\r\n\r\nfull";
const CHUNKED =
  "HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n";

describe("an answer of HTTP/1.1", () => {
  it.each([1, 2, 7, 64, 10_000])("is read in pieces of %i bytes", (pieceBytes) => {
    expect(read(WITH_LENGTH, pieceBytes)).toEqual([{ status: 200, isKept: true, text: "" }, undefined]);
    expect(read(REFUSED, pieceBytes)).toEqual([{ status: 429, isKept: true, text: "full" }, undefined]);
    expect(read(CHUNKED, pieceBytes)).toEqual([{ status: 500, isKept: true, text: "abcde" }, undefined]);
  });

  it("is read past an interim one", () => {
    const text = `HTTP/1.1 100 Continue\r\n\r\n${WITH_LENGTH}`;
    expect(read(text, 9)).toEqual([{ status: 200, isKept: true, text: "" }, undefined]);
  });

  it("without a body ends with its head", () => {
    expect(read("HTTP/1.1 204 No Content\r\n\r\n", 100)[0]?.status).toBe(204);
    expect(read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 100)[0]?.status).toBe(200);
  });

  it("says when its connection takes no other request", () => {
    const closes = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi";
    expect(read(closes, 100)[0]).toEqual({ status: 200, isKept: false, text: "" });
    expect(read("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 100)[0]?.isKept).toBe(false);
  });

  it("without a length lasts until the connection ends", () => {
    expect(read("HTTP/1.1 503 No\r\n\r\nbusy", 5)).toEqual([{ status: 503, isKept: false, text: "busy" }]);
  });

  it("keeps the start of what a failure says, and no more", () => {
    const body = "x".repeat(5_000);
    const [answer] = read(`HTTP/1.1 400 Bad\r\nContent-Length: ${body.length}\r\n\r\n${body}`, 700);
    expect(answer?.text).toBe("x".repeat(512));
  });

  it("is refused where it is something else", () => {
    expect(() => new HttpAnswerReader().push(Buffer.from("SSH-2.0-x\r\n\r\n"))).toThrow("no HTTP/1.1 answer");
    const bad = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
    expect(() => new HttpAnswerReader().push(Buffer.from(bad))).toThrow("no size");
  });
});
