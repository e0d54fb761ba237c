import { connect } from "node:http2";
import { describe, expect, it } from "vitest";
import { ECHO, servePredictor } from "../serving.ts";
import { serialize } from "./client.ts";
import { eventOf, frame } from "./raw-call.ts";

const SERVICE = "/inference.GRPCInferenceService";
const WINDOW_BYTES = 16 << 20;
const RAW_BYTES = 4_000_000;
const MESSAGE = frame(
  serialize("ModelInfer", {
    model_name: "m",
    inputs: [{ name: "x", datatype: "FP32", shape: [RAW_BYTES / 4] }],
    raw_input_contents: [Buffer.alloc(RAW_BYTES, 1)],
  }),
);

describe("large messages both ways, over one connection of a client on node that has raised its windows", () => {
  it.each([
    ["in calls of their own", "ModelInfer", 8, 1],
    ["on streams", "ModelStreamInfer", 2, 4],
  ])("arrive %s: neither side waits for the other to read", async (_, method, streams, messages) => {
    await using server = await servePredictor(ECHO);
    const session = connect(`http://127.0.0.1:${server.grpcPort}`, {
      settings: { initialWindowSize: WINDOW_BYTES },
      // What is to be sent counts.
      maxSessionMemory: 1024,
    });
    try {
      await eventOf(session, "remoteSettings");
      session.setLocalWindowSize(WINDOW_BYTES);
      const call = async () => {
        const stream = session.request({
          ":method": "POST",
          ":path": `${SERVICE}/${method}`,
          te: "trailers",
          "content-type": "application/grpc",
        });
        let bytes = 0;
        stream.on("data", (chunk: Buffer) => (bytes += chunk.length));
        for (let index = 0; index < messages; index++) stream.write(MESSAGE);
        stream.end();
        await eventOf(stream, "close");
        return bytes;
      };
      for (const bytes of await Promise.all(Array.from({ length: streams }, call))) {
        expect(bytes).toBeGreaterThan(messages * RAW_BYTES);
      }
    } finally {
      session.destroy();
    }
  });
});
