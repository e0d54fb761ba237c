import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ERROR_CATALOGUE,
  type ErrorCode,
  HttpError,
  InvalidInput,
  KtsError,
  fromErrorRecord,
  isKtsError,
  messageOf,
  modelNotFound,
  modelNotReady,
  toErrorRecord,
} from "../../contract/errors.ts";

const CODES = Object.keys(ERROR_CATALOGUE) as ErrorCode[];

describe("the catalogue", () => {
  it.each(CODES)("gives %s statuses that exist, an exit code and a hint", (code) => {
    const { http, grpc, exit, hint } = ERROR_CATALOGUE[code];
    expect(http).toBeGreaterThanOrEqual(400);
    expect(http).toBeLessThanOrEqual(599);
    // google.rpc.Code: 0 is OK, 16 the last.
    expect(grpc).toBeGreaterThanOrEqual(1);
    expect(grpc).toBeLessThanOrEqual(16);
    expect(Number.isInteger(http) && Number.isInteger(grpc)).toBe(true);
    // Shells keep 126 and above for themselves; 0 would say that all went well.
    expect(exit).toBeGreaterThanOrEqual(1);
    expect(exit).toBeLessThan(126);
    expect(hint).toMatch(/^\S.*[.?]$/);
  });

  it("says the same of whose fault it is over HTTP and gRPC", () => {
    const clientsFault = new Set([1, 3, 5, 8, 12]);
    for (const code of CODES) {
      const { http, grpc } = ERROR_CATALOGUE[code];
      if (http < 500) expect(clientsFault.has(grpc), code).toBe(true);
      else expect(grpc === 3 || grpc === 5, code).toBe(false);
    }
  });
});

describe("an error", () => {
  it("takes what it does not say from the catalogue", () => {
    const error = new KtsError("KTS_QUEUE_FULL", "the queue is full");
    expect(error).toMatchObject({ status: 429, grpcStatus: 8, exitCode: 1, path: undefined });
    expect(error.hint).toBe(ERROR_CATALOGUE.KTS_QUEUE_FULL.hint);
    expect(new KtsError("KTS_QUEUE_FULL", "x", { status: 503, hint: "Wait." })).toMatchObject({
      status: 503,
      hint: "Wait.",
    });
  });

  it("has the field's path in front of its message", () => {
    const error = new InvalidInput("expected a number", { path: "inputs[0].shape" });
    expect(error.message).toBe("inputs[0].shape: expected a number");
    expect(error).toMatchObject({ code: "KTS_INVALID_INPUT", status: 400, path: "inputs[0].shape" });
    expect(error.name).toBe("InvalidInput");
  });

  it("is known by its brand, from another copy of the package too", () => {
    const foreign = Object.assign(new Error("from there"), { [Symbol.for("kserve-ts.error")]: true });
    expect(isKtsError(foreign)).toBe(true);
    expect(isKtsError(new InvalidInput("x"))).toBe(true);
    for (const other of [new Error("x"), null, undefined, "KtsError", { code: "KTS_INTERNAL" }]) {
      expect(isKtsError(other)).toBe(false);
    }
  });

  it("of a predictor has the status it chose, or 500 where that is none", () => {
    expect(new HttpError(402, "the quota is used up")).toMatchObject({ status: 402, name: "HttpError" });
    for (const status of [200, 399, 600, 402.5, NaN]) expect(new HttpError(status, "x").status).toBe(500);
  });

  it("of an unknown model and of one not ready has KServe's words", () => {
    expect(modelNotFound("iris").message).toBe("Model with name iris does not exist.");
    expect(modelNotFound("iris", "2").message).toBe("Model with name iris and version 2 does not exist.");
    expect(modelNotReady("iris").message).toBe("Model with name iris is not ready.");
    expect(modelNotReady("iris", "It loads.")).toMatchObject({
      message: "Model with name iris is not ready. It loads.",
      status: 503,
      retryAfterSeconds: 1,
    });
  });
});

/** Over to another thread and back. */
function sent(error: unknown): KtsError {
  return fromErrorRecord(structuredClone(toErrorRecord(error, "KTS_PREDICTOR_FAILED")));
}

const options = fc.record(
  {
    path: fc.string({ minLength: 1 }),
    retryAfterSeconds: fc.nat(),
    status: fc.integer({ min: 400, max: 599 }),
    hint: fc.string(),
  },
  { requiredKeys: [] },
);

describe("an error that crosses to another thread", () => {
  it("arrives with all that it said", () => {
    fc.assert(
      fc.property(fc.constantFrom(...CODES), fc.string(), options, (code, message, given) => {
        const error = new KtsError(code, message, given);
        const { message: text, status, hint, path, retryAfterSeconds, stack } = error;
        const expected = { code, message: text, status, hint, path, retryAfterSeconds, stack };
        expect(sent(error)).toMatchObject(expected);
        expect(sent(sent(error))).toMatchObject(expected);
        expect(isKtsError(sent(error))).toBe(true);
      }),
    );
  });

  it("has the stack of what caused it", () => {
    const cause = new Error("the cause");
    expect(sent(new KtsError("KTS_LOAD_FAILED", "load threw", { cause })).stack).toBe(cause.stack);
  });

  it("gets the fallback's code where it is not ours", () => {
    const error = new RangeError("out of range");
    expect(sent(error)).toMatchObject({
      code: "KTS_PREDICTOR_FAILED",
      message: "out of range",
      status: 500,
      stack: error.stack,
    });
  });

  it("arrives, whatever was thrown", () => {
    const anything = fc.anything({ withNullPrototype: true, withBigInt: true });
    fc.assert(
      fc.property(anything, (thrown) => {
        expect(sent(thrown)).toMatchObject({ code: "KTS_PREDICTOR_FAILED", message: messageOf(thrown) });
      }),
    );
    const odd = Object.assign(new Error("x"), { message: () => "a function" });
    expect(typeof sent(odd).message).toBe("string");
  });
});

it("finds the message of anything thrown", () => {
  expect(messageOf(new Error("of an error"))).toBe("of an error");
  expect(messageOf("a text")).toBe("a text");
  expect(messageOf(undefined)).toBe("undefined");
  expect(messageOf(Symbol("x"))).toBe("Symbol(x)");
  expect(messageOf(Object.create(null))).toBe("[object Object]");
});

describe("an error's gRPC status", () => {
  it("is the catalogue's, or its own, and crosses threads", () => {
    expect(new KtsError("KTS_SERVER_ANSWERED", "x").grpcStatus).toBe(14);
    const error = new KtsError("KTS_SERVER_ANSWERED", "x", { status: 404, grpcStatus: 5 });
    expect(error.grpcStatus).toBe(5);
    const { grpcStatus, status } = fromErrorRecord(toErrorRecord(error, "KTS_INTERNAL"));
    expect({ grpcStatus, status }).toEqual({ grpcStatus: 5, status: 404 });
  });
});
