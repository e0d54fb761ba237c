import { describe, expect, it } from "vitest";
import type { ServerConfig } from "../../../contract/config.ts";
import { isKtsError } from "../../../contract/errors.ts";
import { checkConfig } from "../../../runtime/config/check-config.ts";
import { SERVER_OPTIONS } from "../../../runtime/option-table.ts";
import type { ServerOptions } from "../../../runtime/options.ts";

/** Fails to compile, naming it, when an option of the server is missing in the type that a config file is written by. */
type Undeclared = Exclude<keyof ServerOptions, keyof ServerConfig>;
const everyOptionIsDeclared: [Undeclared] extends [never] ? true : Undeclared = true;

function problem(value: unknown): string {
  try {
    checkConfig(value, "kserve.config.ts");
  } catch (error) {
    if (isKtsError(error) && error.code === "KTS_CONFIG_INVALID") return error.message;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("a config", () => {
  it("may say everything of the server and of its models", () => {
    const config = {
      server: { httpPort: 0, host: "0.0.0.0", enableLatencyLogging: true, nonFinite: "string" },
      model: { versions: "latest" },
      models: {
        "a.b": { versions: [1, 2], workers: 2, intraOpThreads: 1, maxQueueSize: 0, timeoutMs: 1.5 },
        c: { batching: { maxBatchSize: 8, maxDelayMs: 2 }, onnx: { allowSpinning: false } },
      },
    };
    expect(checkConfig(config, "f")).toEqual(config);
  });

  it("may set every option of the server to its default", () => {
    const set = SERVER_OPTIONS.filter((option) => option.default !== undefined);
    const server = Object.fromEntries(set.map((option) => [option.key, option.default]));
    expect(checkConfig({ server }, "f")).toEqual({ server });
    expect(everyOptionIsDeclared).toBe(true);
  });

  it("may have sections that the server does not read", () => {
    expect(checkConfig({ name: "digits", image: "x", server: {} }, "f")).toEqual({ server: {} });
  });

  it("says nothing where a member has no value", () => {
    expect(checkConfig({ server: { workers: undefined }, model: undefined }, "f")).toEqual({ server: {} });
  });

  it.each([
    [[], "kserve.config.ts: expected an object such as defineConfig gives, got an array of 0"],
    [
      { server: 1 },
      "kserve.config.ts: server: expected an object with options of the server, got the number 1",
    ],
    [
      { server: { httpPort: "80" } },
      'kserve.config.ts: server.httpPort: expected an integer from 0 to 65535, got the string "80"',
    ],
    [{ server: { host: "" } }, 'kserve.config.ts: server.host: expected a text, got the string ""'],
    [
      { server: { enableLatencyLogging: "yes" } },
      'kserve.config.ts: server.enableLatencyLogging: expected true or false, got the string "yes"',
    ],
    [
      { server: { nonFinite: "nil" } },
      'kserve.config.ts: server.nonFinite: expected one of "null", "error", "string", got the string "nil"',
    ],
    [
      { server: { http_port: 1 } },
      "kserve.config.ts: server.http_port means nothing here; did you mean httpPort?",
    ],
    [
      { models: { digits: { wrokers: 1 } } },
      "kserve.config.ts: models.digits.wrokers means nothing here; did you mean workers?",
    ],
    [
      { models: { "my.model": { workers: 0 } } },
      'kserve.config.ts: models["my.model"].workers: expected an integer from 1 to 512, got the number 0',
    ],
    [
      { model: { batching: { maxBatchSize: 0 } } },
      "kserve.config.ts: model.batching: expected true, false or { maxBatchSize, maxDelayMs }, got an object with maxBatchSize",
    ],
    [
      { models: { a: { onnx: { allowSpinning: 1 } } } },
      "kserve.config.ts: models.a.onnx.allowSpinning: expected true or false, got the number 1",
    ],
    [
      { model: { replicas: 2 } },
      "kserve.config.ts: model.replicas means nothing here; known are versions, workers, intraOpThreads, maxQueueSize, timeoutMs, batching, onnx",
    ],
    [
      { model: { versions: [] } },
      'kserve.config.ts: model.versions: expected "latest", "all" or a list of version numbers, got an array of 0',
    ],
    [
      { model: { timeoutMs: 0 } },
      "kserve.config.ts: model.timeoutMs: expected a number of milliseconds above 0, got the number 0",
    ],
    [{ model: { constructor: 1 } }, /model\.constructor means nothing here/],
    [{ sever: {} }, "kserve.config.ts: sever means nothing here; did you mean server?"],
  ])("is refused with the path, what was expected and what came: %j", (config, message) => {
    expect(problem(config)).toMatch(message);
  });
});
