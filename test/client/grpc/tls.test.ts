import { once } from "node:events";
import { type AddressInfo, type Socket, connect } from "node:net";
import tls from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { GrpcInferenceClient } from "../../../client/index.ts";
import { tensor } from "../../../contract/index.ts";
import type { TestServer } from "../../runtime/serving.ts";
import { events, serveCounting, takeEvents, until } from "../../runtime/streams.ts";
import { failureOf } from "../fixed-server.ts";
import { all } from "../reading.ts";
import { selfSigned } from "../self-signed.ts";

const { key, cert } = selfSigned("localhost");
const trusted = tls.getCACertificates("default");
const THREE = { n: tensor("INT32", [1], [3]) };

/** The TLS in front of a server that has none itself, as a mesh or an ingress is. */
class TlsFront {
  readonly names: unknown[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: tls.Server;

  constructor(port: number) {
    this.#server = tls.createServer({ key, cert, ALPNProtocols: ["h2"] }, (outside) => {
      this.names.push(outside.servername);
      const inside = connect(port, "127.0.0.1");
      for (const [from, to] of [
        [outside, inside],
        [inside, outside],
      ] as const) {
        this.#sockets.add(from);
        from.on("error", () => undefined);
        from.on("close", () => to.destroy());
        from.pipe(to);
      }
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

let server: TestServer;
let front: TlsFront;
let port: number;
beforeAll(async () => {
  server = await serveCounting();
  front = new TlsFront(server.grpcPort ?? 0);
  port = await front.listen();
});
afterAll(async () => {
  front.close();
  await server.stop();
});
afterEach(() => tls.setDefaultCACertificates(trusted));

describe("grpcs", () => {
  it("asks, streams and leaves as in clear text, where the signer is trusted", async () => {
    tls.setDefaultCACertificates([cert]);
    using client = new GrpcInferenceClient(`grpcs://localhost:${port}`);
    expect([await client.live(), await client.modelReady("m")]).toEqual([true, true]);
    expect((await client.infer("m", THREE)).modelName).toBe("m");
    expect(await all(client.inferStream("m", THREE))).toHaveLength(3);
    takeEvents();
    for await (const _answer of client.inferStream("m", THREE, { parameters: { gated: true } })) break;
    await until(() => events().includes("finally"));
    expect(await failureOf(client.infer("other", THREE))).toMatchObject({ grpcStatus: 5 });
    expect(front.names).toEqual(["localhost"]);
  });

  it("asks for the certificate of the host that it is told, whatever the address", async () => {
    tls.setDefaultCACertificates([cert]);
    const address = `grpcs://127.0.0.1:${port}`;
    using named = new GrpcInferenceClient(address, { headers: { host: "localhost" } });
    using other = new GrpcInferenceClient(address);
    const failure = await failureOf(other.live());
    expect(failure).toMatchObject({ code: "KTS_SERVER_UNREACHABLE" });
    expect(failure.message).toContain(`Cannot reach ${address}: `);
    expect(await named.live()).toBe(true);
  });

  it("says how to trust a certificate whose signer is not known", async () => {
    using client = new GrpcInferenceClient(`grpcs://localhost:${port}`);
    expect(await failureOf(client.live())).toMatchObject({
      code: "KTS_SERVER_UNREACHABLE",
      hint: expect.stringContaining("NODE_EXTRA_CA_CERTS") as string,
    });
  });

  it("is told from clear text, at either end", async () => {
    tls.setDefaultCACertificates([cert]);
    using plain = new GrpcInferenceClient(`localhost:${port}`);
    expect(await failureOf(plain.live())).toMatchObject({ code: "KTS_SERVER_UNREACHABLE" });
    using secure = new GrpcInferenceClient(`grpcs://127.0.0.1:${server.grpcPort}`);
    expect(await failureOf(secure.live())).toMatchObject({ code: "KTS_SERVER_UNREACHABLE" });
  });
});
