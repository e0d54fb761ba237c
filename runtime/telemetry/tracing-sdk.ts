import type * as Exporter from "@opentelemetry/exporter-trace-otlp-http";
import type * as Resources from "@opentelemetry/resources";
import type * as Sdk from "@opentelemetry/sdk-trace";
import { messageOf } from "../../contract/errors.ts";
import type { PredictorLog } from "../../contract/predictor.ts";
import { productVersion } from "../product-version.ts";
import { OptionalPackages } from "./optional-packages.ts";
import { Tracing, type TracingApi } from "./tracing.ts";

const FULL_SDK = "@opentelemetry/sdk-node";
const SDK = "@opentelemetry/sdk-trace";
const EXPORTER = "@opentelemetry/exporter-trace-otlp-http";
const INSTALL = `npm install ${SDK} ${EXPORTER}`;

/** What has not been sent by then is lost: stopping must not wait for a collector that is down. */
const SHUTDOWN_MS = 3_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** What tracing needs to start. */
export interface TracingSettings {
  readonly env: Environment;
  readonly log: PredictorLog;
  /** The `service.name` where the environment has none. */
  readonly serviceName: string;
  /** Folders whose packages are looked at first: the served project's. */
  readonly folders: readonly string[];
}

/**
 * Starts tracing where it is wanted: by OpenTelemetry's own environment variables, or by a provider that the process
 * has registered already (`node --import ./instrumentation.mjs`). Else nothing is loaded, not even its API.
 * A package that is missing is a warning, not an error: clusters set these variables for every pod.
 */
export async function startTracing(settings: TracingSettings): Promise<Tracing | undefined> {
  const { env, log } = settings;
  if (env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return undefined;
  const exporters = wantedExporters(env);
  const hasProvider = isProviderRegistered();
  if (!hasProvider && exporters.length === 0) return undefined;
  const api = await import("@opentelemetry/api");
  if (hasProvider) return new Tracing(api, productVersion(), () => Promise.resolve());
  const packages = new OptionalPackages(settings.folders, import.meta.url);
  try {
    const shutdown = startSdk(packages, exporters, settings, api);
    return new Tracing(api, productVersion(), () => orTimeout(shutdown(), SHUTDOWN_MS));
  } catch (error) {
    log.warn(`the environment asks for tracing, but it is off: ${messageOf(error)}`);
    return undefined;
  }
}

/** The exporters that the environment asks for, of those that the specification names; none: no tracing. */
function wantedExporters(env: Environment): readonly string[] {
  const named = env["OTEL_TRACES_EXPORTER"] ?? "";
  if (named !== "") {
    const names = named.split(",").map((name) => name.trim().toLowerCase());
    return names.filter((name) => name !== "none" && name !== "");
  }
  const endpoint = env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] || env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  return endpoint ? ["otlp"] : [];
}

/** Where the API keeps what is registered: any copy of it, at any version 1. */
function isProviderRegistered(): boolean {
  const registered = (globalThis as Record<symbol, unknown>)[Symbol.for("opentelemetry.js.api.1")];
  return (registered as { trace?: unknown } | undefined)?.trace !== undefined;
}

/** @throws Error that says which package is missing, and how to install it */
function startSdk(
  packages: OptionalPackages,
  exporters: readonly string[],
  settings: TracingSettings,
  api: TracingApi,
): () => Promise<void> {
  const full = packages.find<{ NodeSDK: new (options: object) => FullSdk }>(FULL_SDK);
  if (full !== undefined) {
    const sdk = new full.NodeSDK({ serviceName: resourceAttributes(settings)["service.name"] });
    sdk.start();
    return () => sdk.shutdown();
  }
  const sdk = packages.require<typeof Sdk>(SDK, INSTALL);
  const spanProcessors = exporters.map((name) => spanProcessor(name, packages, sdk));
  const resources = packages.dependencyOf<typeof Resources>(SDK, "@opentelemetry/resources");
  const provider = new sdk.TracerProvider({
    spanProcessors,
    sampler: samplerOf(settings.env, sdk),
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes(resourceAttributes(settings))),
  });
  api.trace.setGlobalTracerProvider(provider);
  logOnce(api, settings.log);
  return async () => {
    api.trace.disable();
    await provider.shutdown();
  };
}

interface FullSdk {
  start(): void;
  shutdown(): Promise<void>;
}

function spanProcessor(name: string, packages: OptionalPackages, sdk: typeof Sdk): Sdk.SpanProcessor {
  if (name === "console") return new sdk.SimpleSpanProcessor({ exporter: new sdk.ConsoleSpanExporter() });
  if (name !== "otlp") {
    throw new Error(
      `OTEL_TRACES_EXPORTER names ${name}, which needs ${FULL_SDK}; without it otlp and console are there`,
    );
  }
  const exporter = packages.require<typeof Exporter>(EXPORTER, INSTALL);
  return new sdk.BatchSpanProcessor({ exporter: new exporter.OTLPTraceExporter() });
}

/** OTEL_TRACES_SAMPLER and its argument; the specification's default where it says nothing known. */
function samplerOf(env: Environment, sdk: typeof Sdk): Sdk.Sampler {
  const name = env["OTEL_TRACES_SAMPLER"] ?? "";
  const share = Number(env["OTEL_TRACES_SAMPLER_ARG"] || 1);
  const root = name.endsWith("always_off")
    ? new sdk.AlwaysOffSampler()
    : name.endsWith("traceidratio")
      ? new sdk.TraceIdRatioBasedSampler(Number.isNaN(share) ? 1 : share)
      : new sdk.AlwaysOnSampler();
  return ["always_on", "always_off", "traceidratio"].includes(name)
    ? root
    : new sdk.ParentBasedSampler({ root });
}

function resourceAttributes({ env, serviceName }: TracingSettings): Record<string, string> {
  const attributes: Record<string, string> = { "service.name": serviceName };
  for (const pair of (env["OTEL_RESOURCE_ATTRIBUTES"] ?? "").split(",")) {
    const equals = pair.indexOf("=");
    if (equals > 0) attributes[pair.slice(0, equals).trim()] = percentDecoded(pair.slice(equals + 1).trim());
  }
  if (env["OTEL_SERVICE_NAME"]) attributes["service.name"] = env["OTEL_SERVICE_NAME"];
  return attributes;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A collector that is down is worth a line, not one every few seconds. */
function logOnce(api: TracingApi, log: PredictorLog): void {
  const said = new Set<string>();
  const warn = (message: string, ...rest: unknown[]) => {
    const text = [message, ...rest].map(messageOf).join(" ").slice(0, 300);
    if (said.has(text)) return;
    said.add(text);
    log.warn(`tracing: ${text}`);
  };
  const nothing = () => undefined;
  const logger = { error: warn, warn, info: nothing, debug: nothing, verbose: nothing };
  api.diag.setLogger(logger, { logLevel: api.DiagLogLevel.ERROR, suppressOverrideMessage: true });
}

async function orTimeout(done: Promise<void>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([done.catch(() => undefined), promise]);
  clearTimeout(timer);
}
