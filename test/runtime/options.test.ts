import { describe, expect, it } from "vitest";
import { SERVER_OPTIONS } from "../../runtime/option-table.ts";
import { environmentName, optionsFromEnvironment, parseOption } from "../../runtime/option-values.ts";
import { defaultServerOptions } from "../../runtime/options.ts";

function spec(key: string) {
  const found = SERVER_OPTIONS.find((candidate) => candidate.key === key);
  if (found === undefined) throw new Error(`no option ${key}`);
  return found;
}

describe("the option table", () => {
  it("has each flag once, in KServe's spelling", () => {
    const flags = SERVER_OPTIONS.map((option) => option.flag);
    expect(new Set(flags).size).toBe(flags.length);
    expect(flags.every((flag) => /^[a-z]+(_[a-z]+)*$/.test(flag))).toBe(true);
  });

  it("has KServe's defaults where KServe has the option", () => {
    expect(defaultServerOptions()).toMatchObject({ httpPort: 8080, workers: 1, logLevel: "info" });
  });

  it("has defaults that its own ranges allow", () => {
    for (const option of SERVER_OPTIONS) {
      if (typeof option.default !== "number") continue;
      expect(parseOption(option, String(option.default), option.flag)).toBe(option.default);
    }
  });

  it("documents every option in whole sentences", () => {
    for (const { doc } of SERVER_OPTIONS) expect(doc).toMatch(/^.{20,}\.$/);
  });
});

describe("an option from text", () => {
  it("takes an integer within its range", () => {
    expect(parseOption(spec("workers"), "4", "--workers")).toBe(4);
  });

  it.each(["0", "513", "-1", "1.5", "2x", "", " 2", "1e2"])("refuses %j as a worker count", (text) => {
    expect(() => parseOption(spec("workers"), text, "--workers")).toThrow(
      `--workers is ${JSON.stringify(text)}, expected an integer from 1 to 512`,
    );
  });

  it.each([
    ["True", true],
    ["yes", true],
    ["1", true],
    ["false", false],
    ["off", false],
  ])("reads %s as Python's strtobool does", (text, value) => {
    expect(parseOption(spec("enableLatencyLogging"), text, "--enable_latency_logging")).toBe(value);
  });

  it("names the choices when a word is none of them", () => {
    expect(() => parseOption(spec("nonFinite"), "nil", "--non_finite")).toThrow(
      '--non_finite is "nil", expected one of null, error, string',
    );
  });

  it.each([
    ["DEBUG", "debug"],
    ["INFO", "info"],
    ["WARNING", "warn"],
    ["ERROR", "error"],
    ["CRITICAL", "error"],
    ["warn", "warn"],
    ["silent", "silent"],
  ])("reads Python's log level %s as %s", (word, level) => {
    expect(parseOption(spec("logLevel"), word, "--log_level")).toBe(level);
  });
});

describe("options from the environment", () => {
  it("come by our names", () => {
    expect(environmentName("http_port")).toBe("KSERVE_TS_HTTP_PORT");
    expect(optionsFromEnvironment({ KSERVE_TS_HTTP_PORT: "9000", KSERVE_TS_MODEL_NAME: "iris" })).toEqual({
      httpPort: 9000,
      modelName: "iris",
    });
  });

  it("come by KServe's own name for the log level, which ours outranks", () => {
    expect(optionsFromEnvironment({ KSERVE_LOGLEVEL: "WARNING" })).toEqual({ logLevel: "warn" });
    expect(optionsFromEnvironment({ KSERVE_LOGLEVEL: "WARNING", KSERVE_TS_LOG_LEVEL: "debug" })).toEqual({
      logLevel: "debug",
    });
  });

  it("count as not set when they are empty", () => {
    expect(optionsFromEnvironment({ KSERVE_TS_WORKERS: "" })).toEqual({});
  });

  it("name the variable when its text is wrong", () => {
    expect(() => optionsFromEnvironment({ KSERVE_TS_WORKERS: "many" })).toThrow("KSERVE_TS_WORKERS");
  });
});
