import type { KserveConfig, ModelConfig, ServerConfig, TestConfig } from "../../contract/config.ts";
import { describeValue } from "../../contract/describe.ts";
import { checkOnnxSettings } from "../../contract/engine-settings.ts";
import { KtsError, messageOf } from "../../contract/errors.ts";
import { batchingProblem } from "../models/batching-check.ts";
import { nearMiss } from "../models/near-miss.ts";
import { type OptionSpec, SERVER_OPTIONS } from "../option-table.ts";
import { LONGEST_TIMER_MS } from "../longest-timer.ts";

/** What is wrong with a member's value: what was expected of it. Undefined: nothing. */
type Check = (value: unknown) => string | undefined;

const SECTIONS = ["server", "model", "models", "test"];

const MODEL_CHECKS: Readonly<Record<keyof ModelConfig, Check>> = {
  versions: (value) =>
    value === "latest" || value === "all" || isVersionList(value)
      ? undefined
      : '"latest", "all" or a list of version numbers',
  workers: integerCheck(1, 512),
  intraOpThreads: integerCheck(1, 1024),
  maxQueueSize: integerCheck(0, 1_000_000),
  timeoutMs: (value) =>
    typeof value === "number" && value > 0 && value <= LONGEST_TIMER_MS
      ? undefined
      : "a number of milliseconds above 0",
  batching: (value) =>
    batchingProblem(value) === undefined ? undefined : "true, false or { maxBatchSize, maxDelayMs }",
  // Its members are checked one by one: see `checkModel`.
  onnx: () => undefined,
};

const TEST_CHECKS: Readonly<Record<keyof TestConfig, Check>> = { predictor: textCheck };

/**
 * Checks what a config file says of the server and its models. Other sections are other parts' to check.
 * @param file the file's name, for messages
 * @throws KtsError KTS_CONFIG_INVALID with the path of what is wrong, what was expected and what came
 */
export function checkConfig(value: unknown, file: string): KserveConfig {
  const config = object(value, "", "an object such as defineConfig gives", file);
  for (const name of Object.keys(config)) {
    const meant = nearMiss(name, SECTIONS);
    if (meant !== undefined && config[meant] === undefined) throw unknownMember(name, meant, file);
  }
  const { server, model, models, test } = config;
  return {
    ...(server !== undefined && { server: checkServer(server, file) }),
    ...(model !== undefined && { model: checkModel(model, "model", file) }),
    ...(models !== undefined && { models: checkModels(models, file) }),
    ...(test !== undefined && { test: checkTest(test, file) }),
  };
}

function checkServer(value: unknown, file: string): ServerConfig {
  const section = object(value, "server", "an object with options of the server", file);
  const checks = Object.fromEntries(SERVER_OPTIONS.map((spec) => [spec.key, optionCheck(spec)]));
  return checkMembers(section, "server", checks, file) as ServerConfig;
}

function checkModels(value: unknown, file: string): Readonly<Record<string, ModelConfig>> {
  const section = object(value, "models", "an object with settings by model name", file);
  return Object.fromEntries(
    Object.entries(section).map(([name, settings]) => [
      name,
      checkModel(settings, memberPath("models", name), file),
    ]),
  );
}

function checkModel(value: unknown, path: string, file: string): ModelConfig {
  const section = object(value, path, "an object with settings of a model", file);
  const model: ModelConfig = checkMembers(section, path, MODEL_CHECKS, file);
  try {
    if (model.onnx !== undefined) checkOnnxSettings(model.onnx, `${path}.onnx`);
  } catch (error) {
    throw new KtsError("KTS_CONFIG_INVALID", `${file}: ${messageOf(error)}`);
  }
  return model;
}

type Members = Readonly<Record<string, unknown>>;

function checkMembers(
  section: Members,
  path: string,
  checks: Readonly<Record<string, Check>>,
  file: string,
): Members {
  for (const [name, value] of Object.entries(section)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) {
      throw unknownMember(memberPath(path, name), nearMiss(name, Object.keys(checks)), file, checks);
    }
    const expected = value === undefined ? undefined : check(value);
    if (expected !== undefined) throw invalid(memberPath(path, name), expected, value, file);
  }
  // A member that is there with nothing in it is a member left out.
  return Object.fromEntries(Object.entries(section).filter(([, value]) => value !== undefined));
}

function checkTest(value: unknown, file: string): TestConfig {
  const section = object(value, "test", "an object with settings of kserve-ts test", file);
  return checkMembers(section, "test", TEST_CHECKS, file);
}

function optionCheck(spec: OptionSpec): Check {
  if (spec.type === "integer") return integerCheck(...(spec.range ?? [0, Number.MAX_SAFE_INTEGER]));
  if (spec.type === "boolean") return (value) => (typeof value === "boolean" ? undefined : "true or false");
  if (spec.type === "string") return textCheck;
  const choices: readonly unknown[] = spec.type;
  const expected = `one of ${spec.type.map((choice) => JSON.stringify(choice)).join(", ")}`;
  return (value) => (choices.includes(value) ? undefined : expected);
}

function textCheck(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? undefined : "a text";
}

function integerCheck(least: number, most: number): Check {
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : `an integer from ${least} to ${most}`;
}

function isVersionList(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((version) => Number.isSafeInteger(version) && version >= 0)
  );
}

function object(value: unknown, path: string, expected: string, file: string): Members {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Members;
  throw invalid(path, expected, value, file);
}

/** `models.digits`, or `models["my.model"]` where a dot would mislead. */
function memberPath(path: string, name: string): string {
  return /^[\w$-]+$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}

function unknownMember(path: string, meant: string | undefined, file: string, known: object = {}): KtsError {
  const names = Object.keys(known);
  const advice = meant !== undefined ? `did you mean ${meant}?` : `known are ${names.join(", ")}`;
  return new KtsError("KTS_CONFIG_INVALID", `${file}: ${path} means nothing here; ${advice}`, {});
}

function invalid(path: string, expected: string, came: unknown, file: string): KtsError {
  const where = path === "" ? file : `${file}: ${path}`;
  return new KtsError("KTS_CONFIG_INVALID", `${where}: expected ${expected}, got ${describeValue(came)}`);
}
