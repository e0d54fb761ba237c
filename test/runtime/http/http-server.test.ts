import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { Connections } from "../../../runtime/http/connections.ts";
import { createHttpServer } from "../../../runtime/http/http-server.ts";
import { createLog } from "../../../runtime/telemetry/logger.ts";
import { RawClient } from "./raw-client.ts";

describe("the HTTP server", () => {
  it.each([
    ["head", "GET / HTTP/1.1\r\nHost: te"],
    ["body", "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n1"],
    ["chunked body", "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n1"],
  ])("answers 408 and closes when a request's %s does not come to its end", async (_part, bytes) => {
    const server = createHttpServer({ maxHeaderBytes: 16_384, timeoutKeepAlive: 65 }, (req, res) => {
      req.resume().on("end", () => res.end());
    });
    const connections = new Connections(server, createLog({ logLevel: "silent", logFormat: "json" }));
    // The server's own limits are half a minute; the mechanism is the same with shorter ones.
    server.headersTimeout = 20;
    server.requestTimeout = 20;
    await connections.listen(0, "127.0.0.1");
    const { port } = server.address() as AddressInfo;
    using client = await RawClient.connect(port);
    await client.send(bytes);
    const { status, body } = await client.answer();
    expect(status).toBe(408);
    expect(JSON.parse(String(body))).toEqual({ error: "The request took too long to arrive." });
    await client.closed();
    await connections.cut();
  });

  it("keeps connections for as long as it is told, and says so", async () => {
    const server = createHttpServer({ maxHeaderBytes: 16_384, timeoutKeepAlive: 65 }, (_req, res) => {
      res.writeHead(200, ["Content-Length", "0"]).end();
    });
    const connections = new Connections(server, createLog({ logLevel: "silent", logFormat: "json" }));
    const { port } = await connections.listen(0, "127.0.0.1");
    using client = await RawClient.connect(port);
    await client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    expect((await client.answer()).headers.get("keep-alive")).toBe("timeout=65");
    await connections.cut();
  });
});
