import type { KserveConfig, ModelConfig, ServerConfig, VersionsSetting } from "../../contract/config.ts";
import type { OnnxSettings } from "../../contract/engine-settings.ts";
import { onnxSettings } from "../onnx-settings.ts";
import { type ServerOptions, defaultServerOptions } from "../options.ts";

/** Where an option's value may come from, each layer outranked by the next: default, file, environment, flag. */
export interface OptionLayers {
  readonly file?: ServerConfig;
  readonly environment?: Partial<ServerOptions>;
  readonly flags?: Partial<ServerOptions>;
}

/** Options, and which of them the one who started the server chose. */
export interface LayeredOptions {
  readonly options: ServerOptions;
  /** Keys that the environment or a flag sets: they outrank what files say of a single model too. */
  readonly given: ReadonlySet<keyof ServerOptions>;
}

/** Lays the layers over each other. */
export function layerOptions({ file = {}, environment = {}, flags = {} }: OptionLayers): LayeredOptions {
  const chosen = { ...defined(environment), ...defined(flags) };
  return {
    options: { ...defaultServerOptions(), ...defined(file), ...chosen },
    given: new Set(Object.keys(chosen) as (keyof ServerOptions)[]),
  };
}

/**
 * Puts what a file says under options that are complete already.
 * @param given the keys that the environment or a flag set. Default: those whose value is not the default
 */
export function underlayFile(
  options: ServerOptions,
  file: ServerConfig | undefined,
  given: ReadonlySet<keyof ServerOptions> = changedKeys(options),
): LayeredOptions {
  const chosen = Object.fromEntries(Object.entries(options).filter(([key]) => given.has(key as never)));
  return { options: { ...options, ...defined(file ?? {}), ...chosen }, given };
}

/** What a file says with settings laid over those of each of its models. */
export function overrideModels(config: KserveConfig, settings: ModelConfig | undefined): KserveConfig {
  if (settings === undefined) return config;
  const named = Object.entries(config.models ?? {});
  const models = Object.fromEntries(named.map(([name, own]) => [name, { ...own, ...settings }]));
  return { ...config, model: { ...config.model, ...settings }, models };
}

function changedKeys(options: ServerOptions): ReadonlySet<keyof ServerOptions> {
  const defaults = defaultServerOptions();
  const keys = Object.keys(options) as (keyof ServerOptions)[];
  return new Set(keys.filter((key) => options[key] !== defaults[key]));
}

/** How one model is run, every layer applied. */
export interface ModelSettings {
  /** Undefined: as Triton's config.pbtxt says, else the latest. */
  readonly versions: VersionsSetting | undefined;
  readonly workers: number;
  /** Its `workers` are set for this very model, so that it does not share. */
  readonly ownWorkers: boolean;
  readonly intraOpThreads: number | undefined;
  readonly maxQueueSize: number;
  /** Undefined: the predictor's own, else the server's. */
  readonly timeoutMs: number | undefined;
  /** Undefined: the predictor's own. */
  readonly batching: ModelConfig["batching"];
  readonly onnx: OnnxSettings;
}

/**
 * The settings of a model: an option's default, then the files (the repository's `model`, the model folder's own file,
 * the repository's `models`), then the environment and flags.
 * @param root the served folder's or repository's file
 * @param own the model folder's file, where that is another folder
 */
export function modelSettings(
  name: string,
  { options, given }: LayeredOptions,
  root: KserveConfig,
  own: KserveConfig = {},
): ModelSettings {
  const byName = (config: KserveConfig): ModelConfig | undefined =>
    config.models !== undefined && Object.hasOwn(config.models, name) ? config.models[name] : undefined;
  const file: ModelConfig = { ...root.model, ...own.model, ...byName(own), ...byName(root) };
  const chosen = <K extends "workers" | "intraOpThreads" | "maxQueueSize">(key: K): ServerOptions[K] =>
    given.has(key) ? options[key] : ((file[key] as ServerOptions[K] | undefined) ?? options[key]);
  return {
    versions: file.versions,
    workers: chosen("workers"),
    ownWorkers: file.workers !== undefined,
    intraOpThreads: chosen("intraOpThreads"),
    maxQueueSize: chosen("maxQueueSize"),
    timeoutMs: file.timeoutMs,
    batching: file.batching,
    onnx: { ...file.onnx, ...onnxSettings(options) },
  };
}

function defined<T extends object>(layer: T): T {
  return Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined)) as T;
}
