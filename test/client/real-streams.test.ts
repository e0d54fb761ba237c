import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GrpcInferenceClient, type InferOptions, InferenceClient } from "../../client/index.ts";
import { tensor } from "../../contract/index.ts";
import { type TestServer, servePredictor } from "../runtime/serving.ts";
import { MORTAL, events, serveCounting, takeEvents, until, untilStalled } from "../runtime/streams.ts";
import { all, untilFailure } from "./reading.ts";

const TALKING = `
export const inputs = [{ name: "prompt", datatype: "BYTES", shape: [1] }];
export async function* predict(_model, { prompt }, ctx) {
  const words = new TextDecoder().decode(prompt.data[0]).split(" ").slice(0, ctx.parameters.max_tokens);
  for (const word of words) yield word + " ";
}
`;

const count = (n: number) => ({ n: tensor("INT32", [1], [n]) });

let counting: TestServer;
let rest: InferenceClient;
let grpc: GrpcInferenceClient;
beforeAll(async () => {
  counting = await serveCounting();
  rest = new InferenceClient(counting.url);
  grpc = new GrpcInferenceClient(`127.0.0.1:${counting.grpcPort}`);
});
afterAll(async () => {
  rest.close();
  grpc.close();
  await counting.stop();
});
beforeEach(() => void takeEvents());

describe.each([
  ["REST", () => rest],
  ["gRPC", () => grpc],
])("a generator over %s", (_transport, clientOf) => {
  const stream = (n: number, options?: InferOptions) => clientOf().inferStream("m", count(n), options);

  it("is answered one by one, to the last", async () => {
    const answers = await all(stream(50, { id: "seven" }));
    expect(answers.map(({ outputs }) => Number(Object.values(outputs)[0]?.data[0]))).toEqual(
      Array.from({ length: 50 }, (_, at) => at),
    );
    expect(new Set(answers.map(({ id }) => id))).toEqual(new Set(["seven"]));
    expect(await all(stream(0))).toEqual([]);
  });

  it("is typed by the model's declaration, and named once", async () => {
    const model = clientOf().model<{ inputs: readonly [{ name: "n"; datatype: "INT32"; shape: [1] }] }>("m");
    expect(await all(model.inferStream(count(3)))).toHaveLength(3);
  });

  it("is ended by who leaves", async () => {
    for await (const _answer of stream(1_000_000, { parameters: { size: 1_000 } })) break;
    await until(() => events().includes("finally"));
    expect(events()).toContain("abort");
  });

  it("is ended by a deadline or a signal", async () => {
    const gated = { parameters: { gated: true } };
    expect(await untilFailure(stream(2, { ...gated, timeoutMs: 2_000 }))).toMatchObject({
      answers: [{ modelName: "m" }, { modelName: "m" }],
      failure: { code: "KTS_DEADLINE_EXCEEDED" },
    });
    await until(() => events().includes("finally"));
    takeEvents();
    const controller = new AbortController();
    const answers = stream(1, { ...gated, signal: controller.signal });
    await answers.next();
    const pending = answers.next();
    controller.abort("enough");
    await expect(pending).rejects.toBe("enough");
    await until(() => events().includes("finally"));
  });

  it("fails behind the answers that it gave", async () => {
    expect(await untilFailure(stream(5, { parameters: { failAt: 2 } }))).toMatchObject({
      answers: [{}, {}],
      failure: {
        code: "KTS_SERVER_ANSWERED",
        status: 500,
        grpcStatus: 2,
        message: "The server failed within its stream: RangeError : no 2",
      },
    });
  });

  it("waits for a slow reader", { timeout: 60_000 }, async () => {
    const total = 3_000;
    let read = 0;
    for await (const { outputs } of stream(total, { parameters: { size: 10_000 } })) {
      expect(Object.values(outputs)[0]?.data).toHaveLength(1);
      if (read++ > 0) continue;
      await untilStalled();
      expect(events().length).toBeLessThan(total);
      expect(await clientOf().live()).toBe(true);
    }
    expect(read).toBe(total);
  });
});

it("a generator is answered over V1 one by one, too", async () => {
  expect(await all(rest.predictStream("m", [3]))).toEqual([[0], [1], [2]]);
  expect(await all(rest.model("m").predictStream<number[]>([2]))).toEqual([[0], [1]]);
});

it("text is generated whole, or piece by piece", async () => {
  const server = await servePredictor(TALKING);
  using client = new InferenceClient(server.url);
  try {
    const prompt = "größer als {alles} zuvor";
    const options = { parameters: { max_tokens: 3 } };
    const pieces = ["größer ", "als ", "{alles} "];
    expect(await client.generate("m", prompt, options)).toBe(pieces.join(""));
    expect(await all(client.generateStream("m", prompt, options))).toEqual(pieces);
    expect(await client.model("m").generate(prompt, options)).toBe(pieces.join(""));
    expect(await all(client.model("m").generateStream(prompt, options))).toEqual(pieces);
    expect(await all(client.predictStream("m", [prompt], options))).toEqual(pieces);
  } finally {
    await server.stop();
  }
});

it.each(["REST", "gRPC"])(
  "a stream over %s of a worker that dies fails, behind what it gave",
  async (transport) => {
    const server = await servePredictor(MORTAL);
    const options = { retries: 3, idempotent: true };
    using client =
      transport === "REST"
        ? new InferenceClient(server.url, options)
        : new GrpcInferenceClient(`127.0.0.1:${server.grpcPort}`, options);
    try {
      const { answers, failure } = await untilFailure(
        client.inferStream("m", count(5), { parameters: { exitAt: 2 } }),
      );
      expect(answers).toHaveLength(2);
      expect(failure).toMatchObject({ message: expect.stringContaining("worker died") as string });
    } finally {
      await server.stop();
    }
  },
);
