import { constants } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ECHO, servePredictor } from "../serving.ts";
import { TestClient, serialize } from "./client.ts";
import { DATA, FrameClient, GOAWAY, HEADERS } from "./frames.ts";
import { type RawAnswer, RawConnection, answerOf, eventOf, frame, statusOf } from "./raw-call.ts";

const INFER = "/inference.GRPCInferenceService/ModelInfer";

/** Awaits for as many milliseconds as its first element says. */
const WAITING = `
export const execution = "inline";
export const concurrency = 1000;
export const predict = (_model, { x }) => new Promise((resolve) => setTimeout(resolve, x.data[0], x));
`;

function request(value: number): Buffer {
  return frame(
    serialize("ModelInfer", {
      model_name: "m",
      inputs: [{ name: "x", datatype: "FP32", shape: [1], contents: { fp32_contents: [value] } }],
    }),
  );
}

describe("stopping", () => {
  it("loses no call while a client keeps on calling", async () => {
    const server = await servePredictor(ECHO);
    await using connection = await RawConnection.open(server.grpcPort);
    const calls: Promise<RawAnswer>[] = [];
    const enough = Promise.withResolvers<void>();
    const sending = (async () => {
      for (; connection.goaway === undefined; await sleep(1)) {
        for (let count = 0; count < 5; count++) calls.push(connection.call(INFER, [request(1)]));
        if (calls.length > 100) enough.resolve();
      }
    })();
    await enough.promise;
    const stopping = server.stop();
    await sending;
    const answers = await Promise.all(calls);
    await stopping;
    const unanswered = answers.filter(({ headers }) => headers[":status"] === undefined);
    expect(answers.length - unanswered.length).toBeGreaterThan(10);
    // Those the client had not sent yet it does not send any more; to try again elsewhere is safe.
    for (const { rstCode } of unanswered) expect(rstCode).toBe(constants.NGHTTP2_REFUSED_STREAM);
    for (const answer of answers) if (!unanswered.includes(answer)) expect(statusOf(answer)).toEqual([0, ""]);
    expect(connection.goaway).toBe(constants.NGHTTP2_NO_ERROR);
  });

  it("is announced first: a call that was on its way meanwhile is answered", async () => {
    const server = await servePredictor(ECHO);
    using client = await FrameClient.open(server.grpcPort);
    client.call(1, INFER, request(1));
    await client.next(HEADERS, 1);
    const stopping = server.stop();
    const announcement = await client.next(GOAWAY);
    expect(announcement.payload.toString("hex")).toBe("7fffffff00000000");
    client.call(3, INFER, request(2));
    const answer = await client.next(DATA, 3);
    expect(answer.payload.includes(request(2).subarray(-4))).toBe(true);
    const last = await client.next(GOAWAY);
    expect(last.payload.toString("hex")).toBe("0000000300000000");
    await stopping;
  });

  it("waits for calls in flight", async () => {
    const server = await servePredictor(WAITING);
    using client = new TestClient(server.grpcPort);
    const inputs = [{ name: "x", datatype: "FP32", shape: [1], contents: { fp32_contents: [600] } }];
    const call = client.call("ModelInfer", { model_name: "m", inputs });
    await sleep(100);
    await server.stop();
    expect((await call).status.code).toBe(0);
  });

  it("cuts what is left after the grace period", async () => {
    const server = await servePredictor(WAITING, { options: { gracePeriodMs: 300 } });
    await using connection = await RawConnection.open(server.grpcPort);
    const stream = connection.open(INFER);
    const answer = answerOf(stream);
    stream.end(request(60_000));
    await sleep(50);
    await server.stop();
    expect((await answer).headers[":status"]).toBeUndefined();
  });

  it("closes idle connections and lets the port go", async () => {
    const server = await servePredictor(ECHO);
    const { grpcPort } = server;
    await using connection = await RawConnection.open(grpcPort);
    const closed = eventOf(connection.session, "close");
    await server.stop();
    await closed;
    await using next = await servePredictor(ECHO, { options: { grpcPort } });
    expect(next.grpcPort).toBe(grpcPort);
  });
});
