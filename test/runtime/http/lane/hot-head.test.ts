import { describe, expect, it } from "vitest";
import { headEnd, isHead, readHotHead } from "../../../../runtime/http/lane/hot-head.ts";
import { mayBecomeStrict } from "../../../../runtime/http/lane/strict-head.ts";

const LIMITS = { maxHeadBytes: 16_384, maxBodyBytes: 1_000_000 };
const V1 = "/v1/models/m:predict";

/** A head of the lines given, with a Host and a length unless they have some. */
function head(lines: readonly string[], target = V1, method = "POST", version = "HTTP/1.1"): Buffer {
  const has = (name: string) => lines.some((line) => line.toLowerCase().startsWith(name));
  const all = [
    ...(has("host") ? [] : ["Host: t"]),
    ...lines,
    ...(has("content-length") ? [] : ["Content-Length: 2"]),
  ];
  return Buffer.from(
    `${method} ${target} ${version}\r\n${all.map((line) => `${line}\r\n`).join("")}\r\n`,
    "latin1",
  );
}

const read = (bytes: Buffer | string) => readHotHead(Buffer.from(bytes as string, "latin1"), LIMITS);

describe("a head as clients write it", () => {
  it("is read, its names in lower case", () => {
    const bytes = head([
      "Content-Type: application/json",
      "X-Request-Id: a b",
      "Connection: Keep-Alive",
      "Content-Length: 15",
    ]);
    expect(readHotHead(bytes, LIMITS)).toMatchObject({
      target: V1,
      route: { protocol: "v1", verb: "predict", model: "m" },
      headers: {
        host: "t",
        "content-type": "application/json",
        "x-request-id": "a b",
        connection: "Keep-Alive",
        "content-length": "15",
      },
    });
  });

  it.each([
    ["V2", head([], "/v2/models/m/infer")],
    ["a version", head([], "/v2/models/m/versions/3/infer")],
    ["percent escapes and a query", head([], "/v1/models/%6D%3Apredict?a=b")],
    ["no space after the colon", head(["Accept:*/*"])],
    ["compressed forms", head(["Content-Encoding: gzip", "Accept-Encoding: gzip, br"])],
    ["any header of the client's own", head(["traceparent: 00-1-2-01", "ce-id: 7", "cookie: a=b"])],
  ])("is read with %s", (_case, bytes) => {
    expect(readHotHead(bytes, LIMITS)).toBeDefined();
  });
});

describe("a head that is left to node:http", () => {
  const plain = head([]).toString("latin1");
  it.each([
    ["another method", head([], V1, "PUT")],
    ["GET with a body", head([], V1, "GET")],
    ["a method in lower case", head([], V1, "post")],
    ["HTTP/1.0", head([], V1, "POST", "HTTP/1.0")],
    ["HTTP/2.0", head([], V1, "POST", "HTTP/2.0")],
    ["a version in lower case", head([], V1, "POST", "http/1.1")],
    ["another path", head([], "/v2/models/m")],
    ["a stream's path", head([], "/v2/models/m/infer_stream")],
    ["a stream's path of a text", head([], "/v2/models/m/generate_stream")],
    ["a target in absolute form", head([], `http://t${V1}`)],
    ["a target with a fragment", head([], `${V1}#a`)],
    ["a target with bytes beyond ASCII", head([], `${V1}?\xff`)],
    ["a target with a space", head([], `${V1} x`)],
    ["a target with a tab", head([], `${V1}\tx`)],
    ["two spaces before the target", head([], ` ${V1}`)],
    ["no host", Buffer.from(plain.replace("Host: t\r\n", ""))],
    ["two hosts", head(["Host: a", "Host: b"])],
    ["no length", Buffer.from(plain.replace("Content-Length: 2\r\n", ""))],
    ["two lengths", head(["Content-Length: 2", "Content-Length: 3"])],
    ["two lengths that agree", head(["Content-Length: 2", "content-length: 2"])],
    ["two lengths in one header", head(["Content-Length: 2, 2"])],
    ["a length with a sign", head(["Content-Length: +5"])],
    ["a negative length", head(["Content-Length: -5"])],
    ["a hexadecimal length", head(["Content-Length: 0x5"])],
    ["a length with a fraction", head(["Content-Length: 5.0"])],
    ["a length with an exponent", head(["Content-Length: 5e1"])],
    ["a length with a space within", head(["Content-Length: 1 2"])],
    ["a length with a space behind", head(["Content-Length: 5 "])],
    ["a length with a tab in front", head(["Content-Length:\t5"])],
    ["a length without digits", head(["Content-Length: "])],
    ["a length beyond the limit", head(["Content-Length: 1000001"])],
    ["a length beyond 64 bits", head(["Content-Length: 99999999999999999999999"])],
    ["chunks", head(["Transfer-Encoding: chunked"])],
    ["chunks, in another case", head(["tRANSFER-eNCODING: chunked"])],
    ["chunks beside a length", head(["Content-Length: 2", "Transfer-Encoding: chunked"])],
    ["an expectation", head(["Expect: 100-continue"])],
    ["an upgrade", head(["Upgrade: h2c", "Connection: keep-alive"])],
    ["Connection: close", head(["Connection: close"])],
    ["a list in Connection", head(["Connection: keep-alive, content-length"])],
    ["a Connection of a proxy", head(["Proxy-Connection: close"])],
    ["a trailer", head(["Trailer: x"])],
    ["a name twice", head(["X: a", "x: b"])],
    ["the name __proto__", head(["__proto__: x"])],
    ["events wanted", head(["Accept: text/event-stream"])],
    ["a folded line", head(["X: a", " b"])],
    ["a line folded with a tab", head(["X: a", "\tb"])],
    ["a space in front of the colon", head(["Content-Length : 2", "X: a"])],
    ["no colon", head(["X"])],
    ["no name", head([": x"])],
    ["a name with a space", head(["X Y: a"])],
    ["a zero byte in a name", head(["X\0: a"])],
    ["a zero byte in a value", head(["X: a\0b"])],
    ["a tab in a value", head(["X: a\tb"])],
    ["a delete in a value", head(["X: a\x7fb"])],
    ["bytes beyond ASCII in a value", head(["X: \xfc"])],
    ["bytes beyond ASCII in a name", head(["\xfc: a"])],
    ["a lone line feed in a value", head(["X: a\nY: b"])],
    ["a lone carriage return in a value", head(["X: a\rY: b"])],
    ["lone line feeds", Buffer.from(plain.replaceAll("\r\n", "\n"))],
    ["a lone line feed after the request line", Buffer.from(plain.replace("\r\n", "\n"))],
    ["an empty line first", Buffer.from(`\r\n${plain}`)],
    ["an empty value", head(["Accept:"])],
    ["more bytes than the limit", head([`X: ${"x".repeat(16_384)}`])],
    ["its end missing", Buffer.from(plain.slice(0, -2))],
  ])("has %s", (_case, bytes) => {
    expect(read(bytes)).toBeUndefined();
  });

  it("takes no longer than a glance, however it is padded", () => {
    const spaces = `X: a${" ".repeat(16_000)}`;
    const started = process.cpuUsage().user;
    for (let round = 0; round < 100; round++)
      expect(readHotHead(head([`${spaces}\0`]), LIMITS)).toBeUndefined();
    // A reader that goes back over the spaces for each of them needs a hundred times as long.
    expect(process.cpuUsage().user - started).toBeLessThan(5_000_000);
  });
});

describe("a head that was read before", () => {
  const bytes = head(["Content-Length: 15", "X: y"]);
  const known = readHotHead(bytes, LIMITS);
  const check = (text: string, at = 0, end = text.length) =>
    typeof known !== "object" ? undefined : isHead(known, Buffer.from(text, "latin1"), at, end);
  const text = bytes.toString("latin1");

  it.each(["15", "1", "0", "007", "123456789012345"])("is known again, with the length %s too", (length) => {
    const next = text.replace("15", length);
    expect(check(next)).toBe(next.indexOf(`${length}\r\nX`) + length.length);
    expect(check(`--${next}{}`, 2)).toBe(next.indexOf(`${length}\r\nX`) + length.length + 2);
  });

  it.each([
    ["another target", text.replace("m:", "n:")],
    ["another header", text.replace("y", "z")],
    ["one header more", text.replace("X: y", "X: y\r\nY: z")],
    ["another case", text.replace("Host", "host")],
    ["no length", text.replace("15", "")],
    ["a length with a sign", text.replace("15", "+5")],
    ["a length that is no number", text.replace("15", "1a")],
    ["a length with a space", text.replace("15", "1 5")],
    ["a length of too many digits", text.replace("15", "1234567890123456")],
    ["a second length", text.replace("15", "15\r\nContent-Length: 3")],
  ])("is not known with %s", (_case, other) => {
    expect(check(`${other}{"instances":[1]}`)).toBe(-1);
  });

  it("is not known before all of it is there, at any byte", () => {
    for (let end = 0; end < text.length; end++) {
      expect(check(text, 0, end)).toBe(-1);
      expect(check(text.slice(0, end))).toBe(-1);
    }
  });
});

describe("a GET or HEAD without a body", () => {
  it("is told from what is left to node:http for good", () => {
    for (const method of ["GET", "HEAD"]) {
      const bytes = Buffer.from(`${method} /metrics HTTP/1.1\r\nHost: t\r\nAccept: */*\r\n\r\n`);
      expect(readHotHead(bytes, LIMITS)).toBe("bodiless");
      expect(read(bytes.toString().replace("Host", "Expect: 100-continue\r\nHost"))).toBeUndefined();
      expect(read(bytes.toString().replace("Host", "Connection: close\r\nHost"))).toBeUndefined();
    }
  });
});

describe("a head that has not come whole", () => {
  it("may become one of the lane, cut at any byte", () => {
    const bytes = head(["X: y"]);
    for (let end = 0; end <= bytes.length; end++) expect(mayBecomeStrict(bytes.subarray(0, end))).toBe(true);
  });

  it.each([
    "}",
    "\r\n",
    "PUT /",
    "POST h",
    "GET  /",
    "POST / HTTP/1.1\nHost",
    "POST / HTTP/1.1\rH",
    "GET /\0",
  ])("never becomes one: %j", (text) => {
    expect(mayBecomeStrict(Buffer.from(text))).toBe(false);
  });
});

describe("the end of a head", () => {
  it("is after its first blank line", () => {
    expect(headEnd(Buffer.from("a\r\n\r\nb\r\n\r\n"))).toBe(5);
    expect(headEnd(Buffer.from("a\r\n\r"))).toBe(-1);
  });
});
