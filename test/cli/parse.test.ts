import { describe, expect, it } from "vitest";
import { choice, integer, text, texts, toggle } from "../../cli/option-kinds.ts";
import { optionValues, parseWords } from "../../cli/parse.ts";
import { serverOptions } from "../../cli/serve/server-options.ts";
import type { Verb } from "../../cli/verb.ts";
import { isKtsError } from "../../contract/errors.ts";
import { IGNORED_KSERVE_FLAGS, SERVER_OPTIONS } from "../../runtime/option-table.ts";

const VERB = {
  name: "serve",
  arguments: { dir: { doc: "A folder.", default: "." } },
  options: serverOptions(),
  ignoredFlags: IGNORED_KSERVE_FLAGS,
} satisfies Partial<Verb>;

const OTHER = {
  name: "ask",
  arguments: { what: { doc: "What." } },
  options: {
    header: texts({ flag: "header", short: "H", placeholder: "<text>", doc: "A header." }),
    output: choice({ flag: "output", short: "o", of: ["json", "table"], default: "json", doc: "A form." }),
    timeoutMs: integer({ flag: "timeout-ms", range: [1, 10], default: 5, env: ["ASK_MS"], doc: "A time." }),
    url: text({ flag: "url", placeholder: "<url>", default: "here", env: ["ASK_URL"], doc: "A place." }),
    quiet: toggle({ flag: "quiet", env: ["ASK_QUIET"], doc: "Says less." }),
  },
} satisfies Partial<Verb>;

function given(...words: string[]) {
  return parseWords(VERB, words).given;
}

function refusal(verb: Parameters<typeof parseWords>[0], ...words: string[]) {
  try {
    parseWords(verb, words);
  } catch (error) {
    if (isKtsError(error)) return { code: error.code, message: error.message, hint: error.hint };
  }
  throw new Error("expected to be refused");
}

describe("a flag with a value", () => {
  it.each([
    [["--http_port", "9000"]],
    [["--http_port=9000"]],
    [["--http-port", "9000"]],
    [["--http-port=9000"]],
    [["model", "--http-port=9000"]],
    [["--http-port=9000", "model"]],
  ])("is read from %j", (words) => {
    expect(given(...words)).toEqual({ httpPort: 9000 });
  });

  it.each(SERVER_OPTIONS.map((spec) => [spec.flag, spec] as const))("%s has both spellings", (flag, spec) => {
    const least = String(spec.range?.[0]);
    const words: Record<string, string> = { integer: least, boolean: "true", string: "text" };
    const value = words[spec.type as string] ?? (spec.type[0] as string);
    const underscores = given(`--${flag}=${value}`);
    expect(Object.keys(underscores)).toEqual([spec.key]);
    expect(given(`--${flag.replaceAll("_", "-")}`, value)).toEqual(underscores);
  });

  it("given twice has the last value", () => {
    expect(given("--workers", "2", "--http_port", "1", "--workers=3")).toEqual({ workers: 3, httpPort: 1 });
  });

  it("may have an equals sign and underscores in its value", () => {
    expect(given("--model_name=a_b=c")).toEqual({ modelName: "a_b=c" });
  });

  it("may have a value with a dash in front only behind an equals sign", () => {
    expect(given("--model_name=-x")).toEqual({ modelName: "-x" });
    expect(refusal(VERB, "--model_name", "--workers", "2")).toEqual({
      code: "KTS_USAGE",
      message: "--model_name needs a value, but --workers follows",
      hint: "If that is the value, write --model_name=--workers",
    });
  });

  it.each([[["--workers"]], [["--workers="]], [["--workers", "many"]], [["--workers", "0"]]])(
    "is refused in %j, naming the flag as it was written",
    (words) => {
      expect(refusal(VERB, ...words)).toMatchObject({
        code: "KTS_USAGE",
        message: expect.stringContaining("--workers "),
      });
    },
  );

  it("by its letter takes the next word, or the rest of its own", () => {
    expect(parseWords(OTHER, ["-o", "table", "x"]).given).toEqual({ output: "table" });
    expect(parseWords(OTHER, ["-otable", "x"]).given).toEqual({ output: "table" });
    expect(refusal(OTHER, "-o", "xml", "x").message).toBe('-o is "xml", expected one of json, table');
  });

  it("that may be repeated keeps every value", () => {
    const words = ["x", "-H", "a: 1", "--header=b: 2"];
    expect(parseWords(OTHER, words).given).toEqual({ header: ["a: 1", "b: 2"] });
  });

  it("takes a dash alone, which stands for stdin", () => {
    expect(parseWords(OTHER, ["x", "--url", "-"]).given).toEqual({ url: "-" });
  });
});

describe("a toggle", () => {
  it.each([
    [["--enable_latency_logging"], true],
    [["--enable-latency-logging"], true],
    [["--enable_latency_logging", "false"], false],
    [["--enable_latency_logging", "True"], true],
    [["--enable_latency_logging=no"], false],
    [["--no-enable_latency_logging"], false],
    [["--no-enable-latency-logging"], false],
    [["--no_enable_latency_logging"], false],
    [["--enable_latency_logging", "--no-enable_latency_logging"], false],
  ])("in %j is %j", (words, value) => {
    expect(given(...words)).toEqual({ enableLatencyLogging: value });
  });

  it("leaves a folder that follows it alone", () => {
    expect(parseWords(VERB, ["--enable_latency_logging", "models/digits"])).toMatchObject({
      arguments: { dir: "models/digits" },
      given: { enableLatencyLogging: true },
    });
  });

  it("refuses other words behind its equals sign, and any behind its negation's", () => {
    expect(refusal(VERB, "--enable_latency_logging=maybe").message).toBe(
      '--enable_latency_logging is "maybe", expected true or false',
    );
    expect(refusal(VERB, "--no-enable_latency_logging=true").message).toBe(
      "--no-enable_latency_logging takes no value",
    );
  });
});

describe("a flag of the KServe server without meaning here", () => {
  it.each([
    [["--max_threads", "4"], "--max_threads 4"],
    [["--max_threads=4"], "--max_threads 4"],
    [["--max-threads", "4"], "--max-threads 4"],
    [["--enable_docs_url=false"], "--enable_docs_url false"],
    [["--enable_docs_url", "false"], "--enable_docs_url false"],
    [["--enable_docs_url"], "--enable_docs_url"],
    [["--event-loop", "uvloop"], "--event-loop uvloop"],
  ])("is accepted in %j, and told of", (words, told) => {
    expect(parseWords(VERB, words)).toEqual({ arguments: { dir: "." }, given: {}, ignored: [told] });
  });

  it("takes its value, not the folder", () => {
    expect(parseWords(VERB, ["--max_threads", "4", "digits"]).arguments).toEqual({ dir: "digits" });
    expect(parseWords(VERB, ["--enable_docs_url", "digits"]).arguments).toEqual({ dir: "digits" });
  });

  it("is no flag of ours", () => {
    const own = SERVER_OPTIONS.map(({ flag }) => flag);
    expect(IGNORED_KSERVE_FLAGS.filter((flag) => own.includes(flag))).toEqual([]);
  });
});

describe("an unknown option", () => {
  it.each([
    ["--http_prot", "Did you mean --http_port? "],
    ["--http-prot", "Did you mean --http-port? "],
    ["--http_prot=1", "Did you mean --http_port? "],
    ["--no-enable-latency-loging", "Did you mean --enable-latency-logging? "],
    [
      "--timeout",
      "Did you mean --request_timeout_ms or --timeout_keep_alive or --predictor_request_timeout_seconds? ",
    ],
    ["--hlep", "Did you mean --help? "],
    ["--frobnicate", ""],
    ["-x", ""],
  ])("%s is refused with what is near", (word, guess) => {
    expect(refusal(VERB, word)).toEqual({
      code: "KTS_USAGE",
      message: `there is no option ${word.split("=")[0]}`,
      hint: `${guess}kserve-ts serve --help lists what it takes.`,
    });
  });

  it("is not found on the prototype of an object", () => {
    expect(refusal(VERB, "--constructor").message).toBe("there is no option --constructor");
    expect(refusal(VERB, "--__proto__=1").message).toBe("there is no option --__proto__");
  });
});

describe("an argument", () => {
  it("has its default where it is left out", () => {
    expect(parseWords(VERB, []).arguments).toEqual({ dir: "." });
  });

  it("may look like a flag behind --", () => {
    expect(parseWords(VERB, ["--workers", "2", "--", "--my_folder"])).toMatchObject({
      arguments: { dir: "--my_folder" },
      given: { workers: 2 },
    });
  });

  it("too many is refused", () => {
    expect(refusal(VERB, "a", "b").message).toBe('unexpected argument "b": serve takes only dir');
  });

  it("too few is refused", () => {
    expect(refusal(OTHER).message).toBe("ask needs <what>");
  });
});

describe("the value of an option", () => {
  const values = (flags: string[], env: Record<string, string>) =>
    optionValues(OTHER, parseWords(OTHER, ["x", ...flags]).given, env).values;

  it("is its default, where nothing gives one", () => {
    expect(values([], {})).toEqual({
      header: [],
      output: "json",
      timeoutMs: 5,
      url: "here",
      quiet: false,
    });
  });

  it("is the environment's over the default", () => {
    expect(values([], { ASK_URL: "there", ASK_MS: "7", ASK_QUIET: "1" })).toMatchObject({
      url: "there",
      timeoutMs: 7,
      quiet: true,
    });
  });

  it("is the flag's over the environment's", () => {
    const env = { ASK_URL: "there", ASK_QUIET: "1" };
    expect(values(["--url", "elsewhere", "--no-quiet"], env)).toMatchObject({
      url: "elsewhere",
      quiet: false,
    });
  });

  it("is the default, where the variable is empty", () => {
    expect(values([], { ASK_URL: "" })).toMatchObject({ url: "here" });
  });

  it("is refused with the variable's name, where its text is wrong", () => {
    expect(() => values([], { ASK_MS: "11" })).toThrow('ASK_MS is "11", expected an integer from 1 to 10');
  });
});
