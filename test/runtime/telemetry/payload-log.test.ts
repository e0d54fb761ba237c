import { once } from "node:events";
import { type IncomingHttpHeaders, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { ServerOptions } from "../../../runtime/options.ts";
import { ECHO, type TestServer, postJson, servePredictor } from "../serving.ts";

const V1 = "/v1/models/m:predict";

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A receiver that keeps what it is sent, and answers when and as the test says. */
async function receiver(
  answer: (respond: (status: number) => void) => void = (respond) => respond(200),
): Promise<AsyncDisposable & { url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on("data", (part: Buffer) => parts.push(part));
    req.on("end", () => {
      received.push({ headers: req.headers, body: Buffer.concat(parts) });
      answer((status) => res.writeHead(status).end());
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/log`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function serve(payloadLogUrl: string, more: Partial<ServerOptions> = {}): Promise<TestServer> {
  return servePredictor(ECHO, { options: { payloadLogUrl, ...more } });
}

async function counts(server: TestServer): Promise<Record<string, number>> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const lines = text.matchAll(/^kserve_ts_payload_log_events_total\{outcome="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, outcome, count]) => [outcome, Number(count)]));
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(5);
}

describe("the payload log", () => {
  it("sends a request and its answer as events that belong together, as KServe's agent does", async () => {
    await using log = await receiver();
    {
      await using server = await serve(log.url);
      await postJson(server, V1, { instances: [1] }, { "x-request-id": "r-1" });
    }
    const types = log.received.map(({ headers }) => headers["ce-type"]).sort();
    expect(types).toEqual([
      "org.kubeflow.serving.inference.request",
      "org.kubeflow.serving.inference.response",
    ]);
    for (const { headers } of log.received) {
      expect(headers).toMatchObject({
        "ce-specversion": "1.0",
        "ce-id": "r-1",
        "ce-time": expect.stringMatching(/Z$/),
        "ce-inferenceservicename": "m",
        "ce-component": "predictor",
        "content-type": "application/json",
      });
    }
    const bodies = log.received.map(({ body }) => body.toString()).sort();
    expect(bodies).toEqual(['{"instances":[1]}', '{"predictions":[1]}']);
  });

  it("takes the id of an event, and logs binary bodies byte for byte, though they are handed on", async () => {
    await using log = await receiver();
    const data = new Float32Array(5_000).fill(3);
    const json = `{"parameters":{"binary_data_output":true},"inputs":[{"name":"x","shape":[5000],"datatype":"FP32","parameters":{"binary_data_size":20000}}]}`;
    const body = Buffer.concat([Buffer.from(json), Buffer.from(data.buffer)]);
    {
      await using server = await servePredictor("export const predict = (_model, input) => input;", {
        options: { payloadLogUrl: log.url },
      });
      const response = await fetch(`${server.url}/v2/models/m/infer`, {
        method: "POST",
        body,
        headers: {
          "content-type": "application/octet-stream",
          "inference-header-content-length": String(json.length),
          ...{ "ce-id": "e-1", "ce-source": "s", "ce-type": "t", "ce-specversion": "1.0" },
        },
      });
      expect(response.status).toBe(200);
      await response.arrayBuffer();
    }
    expect(log.received.map(({ headers }) => headers["ce-id"])).toEqual(["e-1", "e-1"]);
    const [asked, answered] = log.received.sort((a, b) =>
      String(a.headers["ce-type"]).localeCompare(String(b.headers["ce-type"])),
    );
    expect(asked?.body.equals(body)).toBe(true);
    expect(asked?.headers["inference-header-content-length"]).toBe(String(json.length));
    expect(answered?.body.subarray(-20_000).equals(Buffer.from(data.buffer))).toBe(true);
  });

  it.each([
    ["request", ["request", "request"]],
    ["response", ["response"]],
  ] as const)(
    "sends what is wanted alone: %s; and no answer but a good one",
    async (payloadLogMode, kinds) => {
      await using log = await receiver();
      {
        await using server = await serve(log.url, { payloadLogMode });
        await postJson(server, V1, { instances: [1] });
        expect((await postJson(server, V1, "{")).status).toBe(400);
      }
      const types = log.received.map(({ headers }) => String(headers["ce-type"]).split(".").at(-1));
      expect(types).toEqual(kinds);
    },
  );

  it("drops what a receiver does not take in time, counts it, and answers as ever", async () => {
    const waiting: (() => void)[] = [];
    await using log = await receiver((respond) => void waiting.push(() => respond(200)));
    await using server = await serve(log.url, { payloadLogMode: "request" });
    for (let at = 0; at < 130; at++)
      expect((await postJson(server, V1, { instances: [at] })).status).toBe(200);
    // Four are on their way, a hundred may wait.
    expect(await counts(server)).toEqual({ sent: 0, failed: 0, dropped: 26 });
    const release = setInterval(() => waiting.splice(0).forEach((respond) => respond()), 1);
    await until(async () => (await counts(server))["sent"] === 104);
    clearInterval(release);
  });

  it("never fails a request where the receiver does, says so once, and when it is well again", async () => {
    let status = 503;
    await using log = await receiver((respond) => respond(status));
    await using server = await serve(log.url);
    for (let at = 0; at < 5; at++) expect((await postJson(server, V1, { instances: [1] })).status).toBe(200);
    await until(async () => (await counts(server))["failed"] === 10);
    const lines = () => server.log.filter((line) => line.includes("payloads are"));
    expect(lines()).toEqual([expect.stringContaining("it answered 503")]);
    status = 202;
    await postJson(server, V1, { instances: [1] });
    await until(() => lines().length === 2);
    expect(lines()[1]).toContain("payloads are logged again");
  });

  it("refuses a URL that is none when the server starts", async () => {
    await expect(serve("not a url")).rejects.toMatchObject({
      code: "KTS_USAGE",
      message: expect.stringContaining("--payload_log_url"),
    });
  });

  it("has no metric where nothing is logged", async () => {
    await using server = await servePredictor(ECHO);
    expect(await counts(server)).toEqual({});
  });
});
