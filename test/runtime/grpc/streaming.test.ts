import type { ClientDuplexStream, StatusObject } from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type TestServer, predictorFolder, serveFolder, servePredictor } from "../serving.ts";
import {
  MORTAL,
  events,
  metrics,
  release,
  serveCounting,
  takeEvents,
  until,
  untilStalled,
} from "../streams.ts";
import { TestClient } from "./client.ts";

/** An answer on a stream, by the members that the tests look at. */
interface StreamAnswer {
  readonly error_message?: string;
  readonly infer_response: {
    readonly model_name: string;
    readonly id?: string;
    readonly outputs?: readonly { readonly contents: Readonly<Record<string, readonly unknown[]>> }[];
    readonly raw_output_contents?: readonly Buffer[];
    readonly parameters: Readonly<Record<string, unknown>>;
  };
}

/** A ModelStreamInfer of which a test reads one answer after the other. */
class StreamClient implements Disposable {
  readonly call: ClientDuplexStream<object, Record<string, unknown>>;
  readonly status: Promise<StatusObject>;
  readonly #answers: AsyncIterator<StreamAnswer>;

  constructor(client: TestClient) {
    this.call = client.open("ModelStreamInfer");
    const { promise, resolve } = Promise.withResolvers<StatusObject>();
    this.status = promise;
    this.call.on("status", resolve);
    this.call.on("error", () => undefined);
    this.#answers = (this.call as unknown as AsyncIterable<StreamAnswer>)[Symbol.asyncIterator]();
  }

  async next(): Promise<StreamAnswer | undefined> {
    const { done, value } = await this.#answers.next();
    return done === true ? undefined : value;
  }

  /** What is left, each answer as its id with its number or its error. */
  async rest(): Promise<string[]> {
    const rest: string[] = [];
    for (let answer = await this.next(); answer !== undefined; answer = await this.next()) {
      rest.push(told(answer));
    }
    return rest;
  }

  [Symbol.dispose](): void {
    this.call.cancel();
  }
}

function told({ error_message: error, infer_response: { id = "", outputs } }: StreamAnswer): string {
  return `${id}: ${error === undefined ? String(outputs?.[0]?.contents["int64_contents"]) : error}`;
}

function request(id: string, count: number, parameters: Readonly<Record<string, unknown>> = {}) {
  const values = Object.entries(parameters).map(([name, value]) => {
    const kind = typeof value === "boolean" ? "bool_param" : "int64_param";
    return [name, { [kind]: value }];
  });
  return {
    model_name: "m",
    id,
    parameters: Object.fromEntries(values),
    inputs: [{ name: "n", datatype: "INT32", shape: [1], contents: { int_contents: [count] } }],
  };
}

let server: TestServer;
let client: TestClient;
beforeAll(async () => {
  server = await serveCounting();
  client = new TestClient(server.grpcPort);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await server.stop();
});
beforeEach(() => takeEvents());

describe("ModelStreamInfer", () => {
  it("answers each request with a stream, in their order, and ends after the last", async () => {
    using stream = new StreamClient(client);
    for (const [id, count] of [
      ["a", 3],
      ["b", 0],
      ["c", 2],
    ] as const)
      stream.call.write(request(id, count));
    stream.call.end();
    expect(await stream.rest()).toEqual(["a: 0", "a: 1", "a: 2", "c: 0", "c: 1"]);
    expect((await stream.status).code).toBe(0);
  });

  it("answers before the client has sent all", async () => {
    using stream = new StreamClient(client);
    for (const id of ["a", "b", "c"]) {
      stream.call.write(request(id, 1));
      expect(told((await stream.next()) as StreamAnswer)).toBe(`${id}: 0`);
    }
    stream.call.end();
    expect(await stream.next()).toBeUndefined();
  });

  it("gives each answer as it comes, and not at the end", async () => {
    using stream = new StreamClient(client);
    stream.call.write(request("a", 1, { held: true }));
    expect(told((await stream.next()) as StreamAnswer)).toBe("a: 0");
    expect(takeEvents()).toEqual([0]);
    release();
    stream.call.end();
    expect(await stream.rest()).toEqual([]);
  });

  it("without a request ends at once", async () => {
    using stream = new StreamClient(client);
    stream.call.end();
    expect(await stream.rest()).toEqual([]);
    expect((await stream.status).code).toBe(0);
  });

  it("has many requests wait their turn", async () => {
    using stream = new StreamClient(client);
    for (let at = 0; at < 200; at++) stream.call.write(request(String(at), 2));
    stream.call.end();
    const answers = await stream.rest();
    expect(answers).toEqual(Array.from({ length: 400 }, (_, at) => `${at >> 1}: ${at % 2}`));
  });

  it("answers a request once where its model is no stream, raw where it was raw", async () => {
    await using echo = await servePredictor("export const predict = (_model, input) => input;");
    using other = new TestClient(echo.grpcPort);
    using stream = new StreamClient(other);
    const large = Buffer.alloc(40_000, 7);
    for (const bytes of [Buffer.from([1, 2, 3, 4]), large, Buffer.alloc(0)]) {
      const inputs = [{ name: "x", datatype: "UINT8", shape: [bytes.length] }];
      stream.call.write({ model_name: "m", inputs, raw_input_contents: [bytes] });
      const answer = (await stream.next()) as StreamAnswer;
      expect([answer.error_message, answer.infer_response.raw_output_contents]).toEqual([undefined, [bytes]]);
    }
    stream.call.end();
    expect(await stream.rest()).toEqual([]);
  });

  it("leaves ModelInfer with all answers of a stream as one", async () => {
    const { outputs } = (await client.infer(request("a", 3))) as unknown as StreamAnswer["infer_response"];
    expect(outputs?.[0]?.contents["int64_contents"]).toEqual(["0", "1", "2"]);
  });

  it("says which answer was the last, as Triton does, where the client wants to know", async () => {
    using stream = new StreamClient(client);
    stream.call.write(request("a", 1, { triton_enable_empty_final_response: true }));
    stream.call.end();
    expect(told((await stream.next()) as StreamAnswer)).toBe("a: 0");
    expect((await stream.next())?.infer_response).toMatchObject({
      model_name: "m",
      id: "a",
      parameters: { triton_final_response: { bool_param: true } },
    });
    expect(await stream.next()).toBeUndefined();
  });
});

describe("a request that fails on a stream", () => {
  it("is answered with an error message, and the next is run", async () => {
    await using failing = await serveCounting();
    using other = new TestClient(failing.grpcPort);
    using stream = new StreamClient(other);
    stream.call.write(request("a", 3, { failAt: 1 }));
    stream.call.write({ ...request("b", 1), model_name: "none" });
    stream.call.write({ ...request("c", 1), inputs: [] });
    stream.call.write(request("d", 1));
    stream.call.end();
    expect(await stream.rest()).toEqual([
      "a: 0",
      "a: RangeError : no 1",
      "b: Model with name none does not exist.",
      "c: inputs: expected at least one tensor, got none",
      "d: 0",
    ]);
    expect((await stream.status).code).toBe(0);
    const text = await metrics(failing);
    for (const status of [200, 400, 500]) {
      expect(text).toContain(`protocol="grpc-v2",verb="predict",status="${status}"} 1`);
    }
    expect(text).toContain('kserve_ts_in_flight_requests{model_name="m"} 0');
  });

  it("may have had too little time: its predictor ends, and the next is run", async () => {
    await using slow = await serveCounting({ requestTimeoutMs: 200 });
    using other = new TestClient(slow.grpcPort);
    using stream = new StreamClient(other);
    stream.call.write(request("a", 1, { gated: true }));
    stream.call.write(request("b", 1));
    stream.call.end();
    expect(await stream.rest()).toEqual(["a: 0", "a: The request took longer than 200 ms.", "b: 0"]);
    expect(takeEvents().filter((event) => event === "finally")).toHaveLength(2);
  });

  it("may have lost its worker, and the next is run", async () => {
    await using folder = await predictorFolder(MORTAL);
    await using mortal = await serveFolder(folder.path, { options: { workers: 1 } });
    using other = new TestClient(mortal.grpcPort);
    using stream = new StreamClient(other);
    stream.call.write(request("a", 5, { exitAt: 2 }));
    const [first, second, third] = [await stream.next(), await stream.next(), await stream.next()];
    expect([first, second].map((answer) => told(answer as StreamAnswer))).toEqual(["a: 0", "a: 1"]);
    expect(third?.error_message).toContain("worker died");
    await until(() => mortal.workers === 1);
    stream.call.write(request("b", 2));
    stream.call.end();
    expect(await stream.rest()).toEqual(["b: 0", "b: 1"]);
  });
});

describe("a client with a stream", () => {
  it("that cancels ends the predictor, and what waited is not run", async () => {
    await using left = await serveCounting();
    using other = new TestClient(left.grpcPort);
    using stream = new StreamClient(other);
    stream.call.write(request("a", 1, { gated: true }));
    stream.call.write(request("b", 5));
    await stream.next();
    stream.call.cancel();
    await until(() => events().includes("finally"));
    expect((await stream.status).code).toBe(1);
    await until(async () => (await metrics(left)).includes('status="499"} 1'));
    expect(await metrics(left)).toContain('kserve_ts_in_flight_requests{model_name="m"} 0');
    expect(takeEvents()).toEqual([0, "abort", "finally"]);
  });

  it("whose deadline passes gets the status DEADLINE_EXCEEDED", async () => {
    await using slow = await serveCounting();
    using other = new TestClient(slow.grpcPort);
    const { promise: status, resolve } = Promise.withResolvers<StatusObject>();
    const call = other.open("ModelStreamInfer", { deadlineMs: 500 });
    call.on("status", resolve);
    call.on("error", () => undefined);
    call.on("data", () => undefined);
    call.write(request("a", 1, { gated: true }));
    expect((await status).code).toBe(4);
    await until(() => events().includes("finally"));
  });

  it("that reads slowly is waited for, and has all in the end", async () => {
    const count = 600;
    using stream = new StreamClient(client);
    stream.call.write(request("a", count, { size: 65_536 }));
    stream.call.end();
    await stream.next();
    stream.call.pause();
    await untilStalled();
    expect(events().length).toBeLessThan(count / 2);
    expect(await stream.rest()).toHaveLength(count - 1);
  });

  it("that is told that the server stops has the answers of what it had sent", async () => {
    const stopped = await serveCounting({ gracePeriodMs: 60_000 });
    using other = new TestClient(stopped.grpcPort);
    using stream = new StreamClient(other);
    stream.call.write(request("a", 2, { held: true }));
    stream.call.write(request("b", 1));
    await stream.next();
    const stopping = stopped.stop();
    // Longer than idle connections have.
    setTimeout(release, 700);
    expect(await stream.rest().catch(String)).toEqual(expect.anything());
    expect((await stream.status).code).toBe(14);
    await stopping;
    expect(takeEvents()).toEqual([0, 1, "finally", 0, "finally"]);
  });
});
