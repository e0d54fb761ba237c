import { execFile } from "node:child_process";
import { getEventListeners, once } from "node:events";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import tls from "node:tls";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { InferenceClient } from "../../../client/index.ts";
import { answering, answeringJson, failureOf, handling, handlingSockets } from "../fixed-server.ts";
import { selfSigned } from "../self-signed.ts";

const UNREACHABLE = { name: "KtsError", code: "KTS_SERVER_UNREACHABLE", status: 502 };
const READY = { body: '{"ready":true}' };

describe("a server that cannot be reached", () => {
  it("is named where nothing accepts connections", async () => {
    const server = await answeringJson({});
    await server[Symbol.asyncDispose]();
    using client = new InferenceClient(`${server.url}/serving/`);
    const error = await failureOf(client.ready());
    expect(error).toMatchObject(UNREACHABLE);
    expect(error.message).toBe(`Cannot reach ${server.url}/serving: nothing accepts connections there.`);
    expect(error.cause).toMatchObject({ code: "ECONNREFUSED" });
  });

  it("is named where its host name is none", async () => {
    // Longer than a label may be, so that no name server is asked.
    const url = `http://${"a".repeat(64)}.invalid`;
    using client = new InferenceClient(url);
    const error = await failureOf(client.models());
    expect(error).toMatchObject(UNREACHABLE);
    expect(error.message).toMatch(new RegExp(`^Cannot reach ${url}: its host name `));
  });

  it("may be one that does not speak HTTP/1.1", async () => {
    await using server = await handlingSockets((socket) => socket.end("\0\0\x12\x04\0\0\0\0\0"));
    using client = new InferenceClient(server.url);
    const error = await failureOf(client.ready());
    expect(error).toMatchObject({
      ...UNREACHABLE,
      hint: "Is that the server's HTTP port, or its gRPC port?",
    });
    expect(error.message).toMatch(new RegExp(`^What answers at ${server.url} is not HTTP/1.1: .+`));
  });

  it.each([
    ["resets the connection", "", true],
    ["closes the connection", "", false],
    [
      "changes the protocol",
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
      false,
    ],
    ["ends in the middle of the head", "HTTP/1.1 200 OK\r\nContent-", false],
    ["ends in the middle of the body", 'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"ready"', false],
    [
      "ends in the middle of a chunked body",
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"ready"\r\n',
      false,
    ],
  ])("may be one that %s", async (_what, sent, reset) => {
    await using server = await handlingSockets((socket) => {
      socket.once("data", () => {
        if (reset) socket.resetAndDestroy();
        else socket.end(sent);
      });
    });
    using client = new InferenceClient(server.url);
    const error = await failureOf(client.ready());
    expect(error).toMatchObject(UNREACHABLE);
    expect(error.message).toBe(`The connection to ${server.url} broke before the answer was complete.`);
  });
});

describe("an answer", () => {
  it("is read to the end of the connection where it has no length", async () => {
    const instance = "x".repeat(300_000);
    const body = JSON.stringify({ predictions: [instance] });
    await using server = await handlingSockets((socket) => {
      socket.once("data", () =>
        socket.end(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n${body}`),
      );
    });
    using client = new InferenceClient(server.url);
    expect(await client.predict("m", [])).toEqual([instance]);
  });

  it.each([
    ["with a length", { "content-length": "400009" }],
    ["in chunks", { "transfer-encoding": "chunked" }],
  ])("is put together from its pieces %s", async (_form, headers) => {
    const bytes = Uint8Array.from({ length: 400_009 }, (_, index) => index % 251);
    await using server = await handling((_request, res) => {
      res.writeHead(200, headers);
      for (let at = 0; at < bytes.length; at += 30_001) res.write(bytes.subarray(at, at + 30_001));
      res.end();
    });
    using client = new InferenceClient(server.url);
    const answer = await client.send("/any", "{}");
    expect(Buffer.compare(answer.bytes, bytes)).toBe(0);
  });

  it.each([
    ["with a length", (size: number) => ({ "content-length": String(size) })],
    ["in chunks", () => ({ "transfer-encoding": "chunked" })],
  ])("may have as many bytes as maxAnswerBytes says, and no more, %s", async (_form, headersFor) => {
    let size = 100_000;
    await using server = await handling((_request, res) => {
      res.writeHead(200, headersFor(size));
      res.write("x".repeat(60_000));
      res.end("x".repeat(size - 60_000));
    });
    using client = new InferenceClient(server.url, { maxAnswerBytes: 100_000 });
    expect((await client.send("/any", "")).bytes.length).toBe(100_000);
    size = 100_001;
    const error = await failureOf(client.send("/any", ""));
    expect(error).toMatchObject({
      code: "KTS_SERVER_ANSWERED",
      status: 502,
      hint: expect.stringContaining("maxAnswerBytes"),
    });
    expect(error.message).toBe("The server's answer is larger than 100000 bytes.");
  });

  it("that is announced as too large is not waited for", async () => {
    await using server = await handling((_request, res) => {
      res.writeHead(200, { "content-length": "100001" });
      res.flushHeaders();
    });
    using client = new InferenceClient(server.url, { maxAnswerBytes: 100_000 });
    expect(await failureOf(client.send("/any", ""))).toMatchObject({ code: "KTS_SERVER_ANSWERED" });
  });

  it("that comes ahead of the body's end counts, and ends the sending", async () => {
    const bodyBytes = 64 * 1_048_576;
    const opened = Promise.withResolvers<Socket>();
    await using server = await handlingSockets((socket) => {
      socket.once("data", () => {
        socket.pause();
        socket.write('HTTP/1.1 413 Payload Too Large\r\nContent-Length: 21\r\n\r\n{"error":"too large"}');
        opened.resolve(socket);
      });
    });
    using client = new InferenceClient(server.url);
    const error = await failureOf(client.send("/any", new Uint8Array(bodyBytes)));
    expect(error).toMatchObject({ code: "KTS_SERVER_ANSWERED", status: 413 });
    expect(error.message).toBe("The server answered 413: too large");
    const socket = await opened.promise;
    socket.resume();
    await once(socket, "close");
    expect(socket.bytesRead).toBeLessThan(bodyBytes);
  });
});

describe("a deadline", () => {
  it("ends a call that is not answered", async () => {
    await using server = await handling(() => undefined);
    using client = new InferenceClient(`${server.url}/p`, { timeoutMs: 50 });
    const error = await failureOf(client.predict("m", [1]));
    expect(error).toMatchObject({ code: "KTS_DEADLINE_EXCEEDED", status: 504 });
    expect(error.message).toBe(
      `POST /p/v1/models/m:predict at ${server.url}/p was not answered within 50 ms.`,
    );
  });

  it("ends a call whose answer stops half-way", async () => {
    await using server = await handling((_request, res) => {
      res.writeHead(200, { "content-length": "10" });
      res.write("12345");
    });
    using client = new InferenceClient(server.url);
    expect(await failureOf(client.send("/any", "", { timeoutMs: 100 }))).toMatchObject({
      code: "KTS_DEADLINE_EXCEEDED",
    });
  });

  it("of a call goes before the client's, and Infinity is none", async () => {
    await using server = await answering(() => READY);
    using client = new InferenceClient(server.url, { timeoutMs: Infinity });
    expect(await client.ready()).toBe(true);
    expect(await client.ready({ timeoutMs: 2 ** 40 })).toBe(true);
  });
});

describe("a signal", () => {
  it("that is aborted already keeps the call from being made", async () => {
    await using server = await answering(() => READY);
    using client = new InferenceClient(server.url);
    const reason = new Error("not now");
    expect(await failureOf(client.ready({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(server.connections).toBe(0);
  });

  it("ends a call before its answer, and the server sees it", async () => {
    const controller = new AbortController();
    const closed = Promise.withResolvers<void>();
    await using server = await handling((_request, res) => {
      res.once("close", closed.resolve);
      controller.abort();
    });
    using client = new InferenceClient(server.url);
    const error = await failureOf(client.predict("m", [1], { signal: controller.signal }));
    expect(error).toBe(controller.signal.reason);
    expect(error.name).toBe("AbortError");
    await closed.promise;
  });

  it("ends a call in the middle of its answer", async () => {
    const controller = new AbortController();
    await using server = await handling((_request, res) => {
      res.writeHead(200, { "content-length": "1000000" });
      res.write("x".repeat(10), () => controller.abort("enough"));
    });
    using client = new InferenceClient(server.url);
    await expect(client.send("/any", "", { signal: controller.signal })).rejects.toBe("enough");
  });

  it("ends a call whose body is still being sent", async () => {
    const controller = new AbortController();
    await using server = await handlingSockets((socket) => {
      socket.once("data", () => {
        socket.pause();
        controller.abort("enough");
      });
    });
    using client = new InferenceClient(server.url);
    const body = new Uint8Array(64 * 1_048_576);
    await expect(client.send("/any", body, { signal: controller.signal })).rejects.toBe("enough");
  });

  it("is let go of when the call has ended", async () => {
    await using server = await answering(({ url }) => (url === "/none" ? { status: 404 } : READY));
    using client = new InferenceClient(server.url);
    const { signal } = new AbortController();
    const calls = Array.from({ length: 20 }, () => client.ready({ signal }));
    await Promise.all([...calls, failureOf(client.send("/none", "", { signal }))]);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("connections", () => {
  it("are used again, after failures as well", async () => {
    await using server = await answering(({ url }) => (url.includes("none") ? { status: 404 } : READY));
    using client = new InferenceClient(server.url);
    for (let call = 0; call < 5; call++) {
      expect(await client.ready()).toBe(true);
      expect(await failureOf(client.modelReady("none"))).toMatchObject({ status: 404 });
      await client.send("/any", new Uint8Array(100_000));
    }
    expect(server.connections).toBe(1);
  });

  it("are made anew where the server has closed them meanwhile", async () => {
    const closed = Promise.withResolvers<void>();
    let opened = 0;
    await using server = await handlingSockets((socket) => {
      const isFirst = ++opened === 1;
      socket.once("close", closed.resolve);
      socket.on("data", () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"ready":true}');
        if (isFirst) socket.end();
      });
    });
    using client = new InferenceClient(server.url);
    expect(await client.ready()).toBe(true);
    await closed.promise;
    for (let call = 0; call < 3; call++) expect(await client.ready()).toBe(true);
    expect(opened).toBe(2);
  });

  it("are not kept after a failure of the server, which may close them behind its answer", async () => {
    let fails = false;
    await using server = await handling((_request, res) => {
      fails = !fails;
      const { socket } = res;
      if (fails) res.once("finish", () => socket?.end());
      res.writeHead(fails ? 500 : 200).end(fails ? "" : '{"predictions":[1]}');
    });
    using client = new InferenceClient(server.url);
    for (let round = 0; round < 10; round++) {
      expect(await failureOf(client.predict("m", [1]))).toMatchObject({ status: 500 });
      expect(await client.predict("m", [1])).toEqual([1]);
    }
    expect(server.connections).toBe(11);
  });

  it("are as many as calls are under way", async () => {
    const waiting: (() => void)[] = [];
    await using server = await handling((_request, res) => {
      waiting.push(() => res.end('{"ready":true}'));
      if (waiting.length === 20) for (const answer of waiting) answer();
    });
    using client = new InferenceClient(server.url);
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.ready()));
    expect(answers).toEqual(Array(20).fill(true));
  });

  it("do not keep a process that is done", async () => {
    await using server = await answering(({ url }) => ({ ...READY, status: url === "/none" ? 404 : 200 }));
    const script = `
      import { InferenceClient } from ${JSON.stringify(new URL("../../../client/index.ts", import.meta.url))};
      const client = new InferenceClient(${JSON.stringify(server.url)});
      await client.ready({ signal: AbortSignal.timeout(3_600_000) });
      await client.send("/none", "").catch(() => undefined);
      console.log("done");
    `;
    // A timer or a connection that is left behind would let it run into this test's own time limit.
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
    expect(stdout).toBe("done\n");
  });

  it("close with the client: what is under way fails, and so do later calls", async () => {
    const arrived = Promise.withResolvers<void>();
    await using server = await handling(() => arrived.resolve());
    const client = new InferenceClient(server.url);
    const call = failureOf(client.ready());
    await arrived.promise;
    client.close();
    const closed = { code: "KTS_CANCELLED", message: "The client is closed." };
    expect(await call).toMatchObject(closed);
    expect(await failureOf(client.ready())).toMatchObject(closed);
    client.close();
  });
});

describe("https", () => {
  it("asks for the certificate of the Host header's name, as an ingress that serves many hosts needs it", async () => {
    const { key, cert } = selfSigned("iris.models.example.com");
    const server = createHttpsServer({ key, cert }, (req, res) => {
      const { servername } = req.socket as unknown as { servername: string };
      res.end(JSON.stringify({ predictions: [req.headers.host, servername] }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const trusted = tls.getCACertificates("default");
    try {
      tls.setDefaultCACertificates([cert]);
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      using client = new InferenceClient(url, { headers: { Host: "iris.models.example.com" } });
      expect(await client.predict("iris", [])).toEqual([
        "iris.models.example.com",
        "iris.models.example.com",
      ]);
      using other = new InferenceClient(url);
      const error = await failureOf(other.predict("iris", []));
      expect(error).toMatchObject(UNREACHABLE);
      expect(error.message).toContain(`Cannot reach ${url}: `);
      expect(error.cause).toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
    } finally {
      tls.setDefaultCACertificates(trusted);
      server.close();
      server.closeAllConnections();
    }
  });

  it("says how to trust a certificate whose signer is not known", async () => {
    const server = createHttpsServer(selfSigned("localhost"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      using client = new InferenceClient(`https://localhost:${(server.address() as AddressInfo).port}`);
      const error = await failureOf(client.ready());
      expect(error).toMatchObject({ ...UNREACHABLE, hint: expect.stringContaining("NODE_EXTRA_CA_CERTS") });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it("is told from plain HTTP", async () => {
    await using server = await answering(() => READY);
    using client = new InferenceClient(server.url.replace("http", "https"));
    const error = await failureOf(client.ready());
    expect(error).toMatchObject(UNREACHABLE);
    expect(error.message).toMatch(/^Cannot reach https:.*[^\n]\.$/);
  });
});
