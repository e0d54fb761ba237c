import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GrpcInferenceClient, InferenceClient } from "../../../client/index.ts";
import { tensor } from "../../../contract/index.ts";
import { answering } from "../../client/fixed-server.ts";
import { all, untilFailure } from "../../client/reading.ts";
import type { TestServer } from "../serving.ts";
import { events, release, serveCounting, takeEvents, until, untilStalled } from "../streams.ts";
import { servePassThrough, serveTransformer } from "./chains.ts";

type Parameters = Readonly<Record<string, string | number | boolean>>;
type Numbers = AsyncGenerator<unknown, void, undefined>;

const n = (count: number) => ({ n: tensor("INT32", [1], [count]) });

/** The same over V1 and V2. */
function asking(client: InferenceClient | GrpcInferenceClient, overV1: boolean) {
  return (count: number, parameters: Parameters = {}): Numbers => {
    if (overV1 && client instanceof InferenceClient)
      return client.predictStream("m", [count], { parameters });
    return client.inferStream("m", n(count), { parameters });
  };
}

let predictor: TestServer;
beforeAll(async () => {
  predictor = await serveCounting();
});
afterAll(() => predictor.stop());
beforeEach(() => void takeEvents());

describe.each(["v1", "v2", "grpc-v2"] as const)(
  "a stream of a predictor that is asked by %s",
  (predictorProtocol) => {
    let server: TestServer;
    let rest: InferenceClient;
    let grpc: GrpcInferenceClient;
    // The predictor's parameters go along where both ends speak the same.
    let stream: ReturnType<typeof asking>;
    beforeAll(async () => {
      server = await servePassThrough(predictor, { predictorProtocol });
      rest = new InferenceClient(server.url);
      grpc = new GrpcInferenceClient(`127.0.0.1:${server.grpcPort}`);
      stream = asking(predictorProtocol === "grpc-v2" ? grpc : rest, predictorProtocol === "v1");
    });
    afterAll(async () => {
      rest.close();
      grpc.close();
      await server.stop();
    });

    it("passes through, however the caller asks", async () => {
      expect(await all(rest.predictStream("m", [3]))).toEqual([[0], [1], [2]]);
      for (const client of [rest, grpc]) {
        const answers = await all(client.inferStream("m", n(3)));
        expect(answers.map(({ outputs }) => Number(Object.values(outputs)[0]?.data[0]))).toEqual([0, 1, 2]);
      }
      expect(await all(rest.predictStream("m", [0]))).toEqual([]);
    });

    it("passes through answer by answer", async () => {
      const answers = stream(2, { held: true });
      expect((await answers.next()).done).toBe(false);
      expect(events()).toEqual([0]);
      release();
      expect(await all(answers)).toHaveLength(1);
    });

    it("is one answer to who asks for one", async () => {
      expect(await rest.predict("m", [3])).toEqual([[0], [1], [2]]);
    });

    it("ends at the predictor when the caller leaves", async () => {
      for await (const _answer of stream(1, { gated: true })) break;
      await until(() => events().includes("finally"));
      expect(events()).toContain("abort");
    });

    it("fails as the predictor's does", async () => {
      const { answers, failure } = await untilFailure(stream(5, { failAt: 2 }));
      expect(answers).toHaveLength(2);
      expect(failure).toMatchObject({ message: "The server failed within its stream: RangeError : no 2" });
      const { failure: first } = await untilFailure(stream(5, { failAt: 0 }));
      expect(first).toMatchObject({ message: expect.stringContaining("RangeError : no 0") as string });
    });

    it("waits at the predictor for a slow caller", { timeout: 60_000 }, async () => {
      const total = 3_000;
      let read = 0;
      for await (const _answer of stream(total, { size: 20_000 })) {
        if (read++ > 0) continue;
        await untilStalled();
        expect(events().length).toBeLessThan(total);
      }
      expect(read).toBe(total);
    });

    it("goes through preProcess and postProcess, in a worker", async () => {
      await using transformer = await serveTransformer(
        `
      export const preProcess = ({ instances }) => instances.map((instance) => instance + 1);
      export const postProcess = (answer) => {
        const [value] = Array.isArray(answer) ? answer : Object.values(answer)[0].data;
        return [Number(value) * 10];
      };
      `,
        predictor,
        { predictorProtocol },
      );
      using client = new InferenceClient(transformer.url);
      expect(await all(client.predictStream("m", [2]))).toEqual([[0], [10], [20]]);
    });
  },
);

it("a predict of the module's own can ask for streams", async () => {
  await using transformer = await serveTransformer(
    `
    export async function* predict(model, [count]) {
      for await (const [value] of model.predictStream([count])) yield [value + 100];
      const n = { datatype: "INT32", shape: [1], data: Int32Array.of(count) };
      for await (const outputs of model.runStream({ n })) yield [Number(Object.values(outputs)[0].data[0]) + 200];
    }
    `,
    predictor,
    { predictorProtocol: "v2" },
  );
  using client = new InferenceClient(transformer.url);
  expect(await all(client.predictStream("m", [2]))).toEqual([[100], [101], [200], [201]]);
});

it.each(["v1", "v2"] as const)(
  "a predictor that cannot stream gives its one answer, asked by %s",
  async (predictorProtocol) => {
    const output = { name: "y", datatype: "INT32", shape: [1], data: [7] };
    await using foreign = await answering(({ url }) => {
      if (url === "/v1/models/m:predict") return { body: '{"predictions":[7]}' };
      if (url === "/v2/models/m/infer")
        return { body: JSON.stringify({ model_name: "m", outputs: [output] }) };
      return { status: 404, body: '{"detail":"Not Found"}' };
    });
    await using transformer = await servePassThrough({ port: foreign.port }, { predictorProtocol });
    using client = new InferenceClient(transformer.url);
    const [answer, ...others] = await all(client.inferStream("m", n(1)));
    expect(others).toEqual([]);
    expect(Number(Object.values(answer?.outputs ?? {})[0]?.data[0])).toBe(7);
  },
);
