import { once } from "node:events";
import { setImmediate as afterReading, setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { RawClient, post } from "./http/raw-client.ts";
import { ECHO, servePredictor } from "./serving.ts";

const PATH = "/v1/models/m:predict";
const BODY = '{"instances":[1]}';

/** What is no plain request is read by node:http, which keeps the connection. */
const CHUNKED = `POST ${PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;

const LIVE = "GET /v2/health/live HTTP/1.1\r\nHost: a\r\n\r\n";

/**
 * A client in a thread of its own. Over each connection it sends what it is told to first and waits for the answer; when the
 * gate opens it sends a request over every one of them, and says by the gate that all are out.
 */
const CLIENT = `
const { connect } = require("node:net");
const { parentPort, workerData } = require("node:worker_threads");
const { port, first, then, gate } = workerData;
const gates = new Int32Array(gate);
const clients = first.map((bytes) => {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const client = { socket, text: "", end: undefined, bytes };
  socket.on("data", (data) => { client.text += data; check(); });
  socket.on("error", (error) => { client.end ??= error.code; check(); });
  socket.on("close", () => { client.end ??= "closed"; check(); });
  socket.on("connect", () => { client.open = true; if (bytes !== "") socket.write(bytes); check(); });
  return client;
});
let sent = false;
const hasAnswer = ({ text }) => /\\r\\n\\r\\n.*"predictions"/s.test(text);
function check() {
  if (!sent && clients.every((client) => client.open && (client.bytes === "" || hasAnswer(client)))) {
    sent = true;
    parentPort.postMessage("ready");
    Atomics.wait(gates, 0, 0);
    for (const client of clients) { client.text = ""; client.socket.write(then); }
    Atomics.store(gates, 1, 1);
    Atomics.notify(gates, 1);
  } else if (sent && clients.every((client) => hasAnswer(client) || client.end !== undefined)) {
    parentPort.postMessage(clients.map(({ text, end }) => text.split("\\r\\n")[0] || end));
    for (const { socket } of clients) socket.destroy();
  }
}
`;

describe("draining", () => {
  const requests = { "a plain request": post(PATH, BODY), "node:http's": CHUNKED, "a probe": LIVE };
  it.each(Object.entries(requests))(
    "asks clients to leave connections before it closes them: %s",
    async (_, bytes) => {
      await using server = await servePredictor(ECHO, { options: { drainDelayMs: 3_000 } });
      const ask = async (client: RawClient) => {
        await client.send(bytes);
        const { status, headers } = await client.answer();
        expect(status).toBe(200);
        return headers.get("connection");
      };
      using kept = await RawClient.connect(server.port);
      expect(await ask(kept)).toBe("keep-alive");
      const stopping = server.stop();
      expect(await ask(kept)).toBe("close");
      expect(await kept.closed()).toBe("");
      // A router that has not heard of it leads the client back here.
      using back = await RawClient.connect(server.port);
      expect(await ask(back)).toBe("keep-alive");
      while ((await ask(back)) === "keep-alive") await sleep(20);
      expect(await back.closed()).toBe("");
      // That was not the end yet.
      using late = await RawClient.connect(server.port);
      expect(await ask(late)).toBe("keep-alive");
      await stopping;
    },
  );

  it("answers what came while the process was too busy to read it, rather than close the connection", async () => {
    await using server = await servePredictor(ECHO);
    const gate = new SharedArrayBuffer(8);
    const gates = new Int32Array(gate);
    const first = [post(PATH, BODY), CHUNKED, ""].flatMap((bytes) => Array<string>(6).fill(String(bytes)));
    const workerData = { port: server.port, first, then: String(post(PATH, BODY)), gate };
    const client = new Worker(CLIENT, { eval: true, workerData });
    try {
      await once(client, "message");
      const stopping = server.stop();
      // The connections are idle and about to be closed.
      await sleep(50);
      await afterReading();
      const answers = once(client, "message");
      Atomics.store(gates, 0, 1);
      Atomics.notify(gates, 0);
      Atomics.wait(gates, 1, 0);
      // Nothing is read meanwhile, as on a node that gives the process no time.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
      expect((await answers)[0]).toEqual(first.map(() => "HTTP/1.1 200 OK"));
      await stopping;
    } finally {
      await client.terminate();
    }
  });
});
