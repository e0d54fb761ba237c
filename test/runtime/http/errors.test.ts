import { describe, expect, it } from "vitest";
import { HttpError, InvalidInput, KtsError, modelNotFound, modelNotReady } from "../../../contract/errors.ts";
import type { PredictorLog } from "../../../contract/predictor.ts";
import { logFailure, toErrorAnswer } from "../../../runtime/http/errors.ts";

describe("a failure over HTTP", () => {
  it.each([
    [new InvalidInput("expected a list", { path: "instances" }), 400, "instances: expected a list"],
    [modelNotFound("iris"), 404, "Model with name iris does not exist."],
    [modelNotReady("iris"), 503, "Model with name iris is not ready."],
    [new HttpError(402, "the quota is used up"), 402, "the quota is used up"],
    [new HttpError(200, "no failure"), 500, "no failure"],
    [new KtsError("KTS_DEADLINE_EXCEEDED", "too long"), 504, "too long"],
  ])("has the error's status and text", (error, status, text) => {
    const answer = toErrorAnswer(error);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({ error: text });
  });

  it("says in whole seconds when to try again, at least one", () => {
    const full = new KtsError("KTS_QUEUE_FULL", "full", { retryAfterSeconds: 2.1 });
    expect(toErrorAnswer(full).headers).toEqual(["Retry-After", "3"]);
    const soon = new KtsError("KTS_QUEUE_FULL", "full", { retryAfterSeconds: 0.01 });
    expect(toErrorAnswer(soon).headers).toEqual(["Retry-After", "1"]);
    expect(toErrorAnswer(new InvalidInput("no")).headers).toEqual([]);
  });

  it.each([[new TypeError("secret")], ["secret"], [undefined], [null], [{ status: 404, message: "secret" }]])(
    "hides the text of what is not an error of ours",
    (thrown) => {
      const answer = toErrorAnswer(thrown);
      expect(answer.status).toBe(500);
      expect(answer.body).not.toContain("secret");
    },
  );

  it("keeps Express's status for a request that it cannot read", () => {
    const error = Object.assign(new URIError("Failed to decode param '%zz'"), { status: 400 });
    expect(toErrorAnswer(error)).toMatchObject({
      status: 400,
      body: '{"error":"Failed to decode param \'%zz\'"}',
    });
  });
});

describe("a failure in the log", () => {
  /** The lines that a failure leaves, as level, text and whether there is a stack. */
  function logged(error: unknown): unknown[] {
    const lines: unknown[] = [];
    const write = (level: string) => (text: string, fields?: Readonly<Record<string, unknown>>) =>
      lines.push([level, text, fields?.["stack"] !== undefined]);
    const [debug, info, warn, complain] = ["debug", "info", "warn", "error"].map(write);
    logFailure({ debug, info, warn, error: complain } as PredictorLog, error, toErrorAnswer(error), {});
    return lines;
  }

  it.each([
    [new InvalidInput("no list"), '400: {"error":"no list"}'],
    [new KtsError("KTS_NOT_IMPLEMENTED", "m does not explain"), '501: {"error":"m does not explain"}'],
    [modelNotReady("m"), '503: {"error":"Model with name m is not ready."}'],
    [new KtsError("KTS_SHUTTING_DOWN", "stopping"), '503: {"error":"stopping"}'],
  ])("is told at debug, without a stack, where the server is well: %s", (error, text) => {
    expect(logged(error)).toEqual([["debug", `answered ${text}`, false]]);
  });

  it.each([
    [new KtsError("KTS_PREDICTOR_FAILED", "TypeError : x", { cause: new TypeError("x") }), "x"],
    [new KtsError("KTS_WORKER_DIED", "the worker died"), "the worker died"],
    [new HttpError(503, "no database"), "no database"],
    [new TypeError("secret"), "secret"],
  ])("is told at error, with a stack, where it is not: %s", (error, text) => {
    expect(logged(error)).toEqual([["error", text, true]]);
  });
});
