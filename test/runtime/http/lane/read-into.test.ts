import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readInto } from "../../../../runtime/http/lane/read-into.ts";
import { ECHO, type TestServer, servePredictor } from "../../serving.ts";
import { RawClient, post } from "../raw-client.ts";
import { countNodeRequests } from "./lane-server.ts";

const V1 = "/v1/models/m:predict";
const say = (text: string) => post(V1, JSON.stringify({ instances: [text] }));

describe("a socket whose reads go into shared memory", () => {
  it("gives the bytes of each connection, and writes as before", async () => {
    const server = createServer({ allowHalfOpen: true }, (accepted) => {
      let all = "";
      const socket: Socket = readInto(accepted, (bytes, end) => (all += bytes.toString("latin1", 0, end)));
      expect(socket).not.toBe(accepted);
      socket.on("end", () => socket.end(`${all.length} ${all.slice(0, 3)}`));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const talks = Array.from({ length: 10 }, async (_, at) => {
      const socket = connect(port, "127.0.0.1").setEncoding("latin1");
      socket.end(`${at}${"x".repeat(500_000)}`);
      const [answer] = (await once(socket, "data")) as [string];
      expect(answer).toBe(`500001 ${at}xx`);
    });
    await Promise.all(talks);
    server.close();
  });
});

describe("the fast lane where sockets cannot be read into shared memory", () => {
  const { platform } = process;
  let server: TestServer;
  beforeAll(async () => {
    // There a read that waits holds on to its buffer.
    Object.defineProperty(process, "platform", { value: "win32" });
    server = await servePredictor(ECHO);
  });
  afterAll(async () => {
    await server.stop();
    Object.defineProperty(process, "platform", { value: platform });
  });

  it("answers as elsewhere: one after the other, at once, large, in pieces, with probes among them", async () => {
    using node = countNodeRequests();
    using client = await RawClient.connect(server.port);
    const texts = [
      "a",
      "x".repeat(500_000),
      "b",
      ...Array.from({ length: 60 }, (_, at) => `${at}${"y".repeat(5_000)}`),
    ];
    for (const text of texts.slice(0, 3)) {
      const bytes = say(text);
      await client.send(bytes.subarray(0, 70));
      await client.send(bytes.subarray(70));
      expect(String((await client.answer()).body)).toBe(`{"predictions":["${text}"]}`);
    }
    void client.send(Buffer.concat(texts.map(say)));
    for (const text of texts)
      expect(String((await client.answer()).body)).toBe(`{"predictions":["${text}"]}`);
    expect(node.count).toBe(0);
    await client.send("GET /v2/health/live HTTP/1.1\r\nHost: t\r\n\r\n");
    expect(String((await client.answer()).body)).toBe('{"live":true}');
    await client.send(say("c"));
    expect(String((await client.answer()).body)).toBe('{"predictions":["c"]}');
    expect(node.count).toBe(1);
  });

  it("hands over what is not for the lane, with all bytes", async () => {
    using node = countNodeRequests();
    using client = await RawClient.connect(server.port);
    const chunked = `POST ${V1} HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n{"instances":[1]}\r\n0\r\n\r\n`;
    await client.send(Buffer.concat([say("a"), Buffer.from(chunked), say("b")]));
    for (const text of ['["a"]', "[1]", '["b"]']) {
      expect(String((await client.answer()).body)).toBe(`{"predictions":${text}}`);
    }
    expect(node.count).toBe(2);
  });
});
