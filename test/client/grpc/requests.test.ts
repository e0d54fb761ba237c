import { describe, expect, it } from "vitest";
import { type GrpcClientOptions, GrpcInferenceClient } from "../../../client/index.ts";
import { formatTimeout } from "../../../client/grpc/call-headers.ts";
import { parseGrpcAddress } from "../../../client/grpc/grpc-address.ts";
import { tensor } from "../../../contract/index.ts";
import { failureOf } from "../fixed-server.ts";
import { LIVE, answer, handlingCalls } from "./fixed-grpc-server.ts";

async function requestOf(
  call: (client: GrpcInferenceClient) => Promise<unknown>,
  options: GrpcClientOptions = {},
) {
  await using server = await handlingCalls((seen) => answer(seen, LIVE));
  using client = new GrpcInferenceClient(server.address, options);
  await call(client);
  return { ...server.calls[0], address: server.address };
}

describe("a request", () => {
  it("says the method, the deadline and who is asked", async () => {
    const { headers, address } = await requestOf((client) => client.live(), { timeoutMs: 5_000 });
    expect(headers).toMatchObject({
      ":method": "POST",
      ":scheme": "http",
      ":path": "/inference.GRPCInferenceService/ServerLive",
      ":authority": address,
      te: "trailers",
      "content-type": "application/grpc",
    });
    expect(Number.parseInt(headers?.["grpc-timeout"] ?? "")).toBeGreaterThan(0);
    expect(headers?.["grpc-timeout"]).toMatch(/^\d{1,4}m$/);
  });

  it("has the client's metadata and the call's, but none of gRPC's own", async () => {
    const { headers } = await requestOf(
      (client) => client.live({ headers: { B: "call", "grpc-timeout": "1n", te: "x" }, requestId: "seven" }),
      { headers: { Authorization: "Bearer x", b: "client", Host: "iris.example.com" }, timeoutMs: Infinity },
    );
    expect(headers).toMatchObject({
      authorization: "Bearer x",
      b: "call",
      "x-request-id": "seven",
      ":authority": "iris.example.com",
      te: "trailers",
    });
    expect(headers).not.toHaveProperty("grpc-timeout");
    expect(headers).not.toHaveProperty("host");
  });

  it("is refused before it is sent when it cannot be", async () => {
    await using server = await handlingCalls((seen) => answer(seen, LIVE));
    using client = new GrpcInferenceClient(server.address);
    const x = tensor("FP32", [1], [1]);
    for (const [call, path] of [
      [client.infer("", { x }), "name"],
      [client.infer("m", { x: [1] as never }), "inputs.x"],
      [client.live({ timeoutMs: 0 }), "timeoutMs"],
      [client.live({ retries: 0.5 }), "retries"],
      [client.live({ headers: { "a b": "c" } }), undefined],
    ] as const) {
      expect(await failureOf(call)).toMatchObject({ code: "KTS_INVALID_INPUT", path });
    }
    expect(server.calls).toHaveLength(0);
  });
});

describe("an address", () => {
  it.each([
    ["localhost:9000", "grpc://localhost:9000", "localhost", 9000, false],
    ["localhost", "grpc://localhost:8081", "localhost", 8081, false],
    ["grpc://10.0.0.7:80", "grpc://10.0.0.7:80", "10.0.0.7", 80, false],
    ["grpc://h:21/", "grpc://h:21", "h", 21, false],
    ["grpcs://models.example.com", "grpcs://models.example.com:443", "models.example.com", 443, true],
    ["grpcs://[::1]:8443", "grpcs://[::1]:8443", "::1", 8443, true],
  ])("%s is %s", (text, url, hostname, port, secure) => {
    expect(parseGrpcAddress(text)).toEqual({ url, hostname, port, secure });
  });

  it.each([
    "",
    "http://localhost:8080",
    "grpc://",
    "localhost:notaport",
    "grpc://u:p@h:1",
    "grpc://h:1/path",
    "h:1?x",
  ])("%s is refused", (text) => {
    expect(() => parseGrpcAddress(text)).toThrow(expect.objectContaining({ path: "address" }) as Error);
  });
});

describe("a timeout", () => {
  it.each([
    [0.2, "1m"],
    [1_000, "1000m"],
    [100_000_000, "100000S"],
    [Infinity, undefined],
  ])("of %s ms is %s", (timeoutMs, text) => {
    expect(formatTimeout(timeoutMs)).toBe(text);
  });
});
