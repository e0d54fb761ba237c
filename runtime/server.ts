import { setTimeout as sleep } from "node:timers/promises";
import type { Application } from "express";
import { DEFAULT_LIMITS, type DecodeLimits } from "../protocol/limits.ts";
import { DataPlane } from "./data-plane.ts";
import { Connections } from "./http/connections.ts";
import type { ExtendApp } from "./http/control-app.ts";
import { createHttpServer } from "./http/http-server.ts";
import type { InferenceServices } from "./http/inference-services.ts";
import { createListener } from "./http/listener.ts";
import { keepFreedMemory } from "./keep-memory.ts";
import { Lifecycle, type ServerState } from "./lifecycle.ts";
import { discoverModel } from "./models/discover.ts";
import type { ModelSource } from "./models/source.ts";
import type { ServerOptions } from "./options.ts";
import type { ModelInfo } from "./pipeline/executor.ts";
import { productVersion } from "./product-version.ts";
import { remoteSettings } from "./remote/settings.ts";
import { ServedModel } from "./served-model.ts";
import { EventLoopMonitor } from "./telemetry/event-loop.ts";
import { MetricsPage } from "./telemetry/exposition.ts";
import { type LogSink, type ServerLog, createLog } from "./telemetry/logger.ts";
import { warmUp } from "./warm-up.ts";
import { startExecutor } from "./workers/start-executor.ts";

/** A probe comes at once, a request for metadata or metrics most likely later. */
const REST_DELAY_MS = 500;

/** What a server may have beside its options. */
export interface ServerExtras {
  /** Adds routes and middleware to the Express application; they never see inference requests. */
  readonly extend?: ExtendApp;
  /** Where log lines go. Default: stderr. */
  readonly logSink?: LogSink;
}

/** A server that answers. */
export interface RunningServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly host: string;
  /** The port it listens on; the one taken, where 0 was asked for. */
  readonly port: number;
  readonly state: ServerState;
  readonly model: { readonly name: string; readonly info: ModelInfo; readonly source: ModelSource };
  /** Workers that can take requests; 0 where the predictor runs inline. */
  readonly workers: number;
  /**
   * Stops without losing a request: not ready at once, serving on for `drainDelayMs`, then no new connections while
   * requests in flight have `gracePeriodMs` to finish; then the model is unloaded. Calling it again waits with the
   * first call.
   */
  stop(): Promise<void>;
  /** Resolves when the server has stopped. */
  readonly stopped: Promise<void>;
}

/**
 * Serves the model of a folder. It listens from the start, so that liveness answers while the model loads, and
 * resolves when the model is loaded and warm.
 *
 * @throws KtsError when there is no model, it does not load, or the port cannot be had
 */
export async function startServer(
  folder: string,
  options: ServerOptions,
  extras: ServerExtras = {},
): Promise<RunningServer> {
  const remote = remoteSettings(options);
  const source = await discoverModel(folder, {
    ...(remote !== undefined && { remote }),
    ...(options.modelName !== undefined && { modelName: options.modelName }),
    ...(options.modelDir !== undefined && { modelDir: options.modelDir }),
  });
  keepFreedMemory();
  const server = new Server(source, options, extras);
  await server.start();
  return server;
}

class Server implements RunningServer {
  readonly #options: ServerOptions;
  readonly #limits: DecodeLimits;
  readonly #log: ServerLog;
  readonly #lifecycle = new Lifecycle();
  readonly #model: ServedModel;
  readonly #connections: Connections;
  readonly #app: () => Promise<Application>;
  readonly #done = Promise.withResolvers<void>();
  #eventLoop: EventLoopMonitor | undefined;
  #restTimer: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;
  #port: number;

  constructor(source: ModelSource, options: ServerOptions, extras: ServerExtras) {
    this.#options = options;
    this.#port = options.httpPort;
    this.#log = createLog(options, extras.logSink);
    this.#model = new ServedModel(source);
    const limits = { ...DEFAULT_LIMITS, maxTensorBytes: options.maxTensorBytes };
    this.#limits = limits;
    const plane = new DataPlane(limits);
    plane.register(this.#model);
    const services = { plane, lifecycle: this.#lifecycle, options, limits, log: this.#log };
    this.#app = lazyApp(services, () => this.#eventLoop, extras.extend);
    this.#connections = new Connections(
      createHttpServer(options, createListener(services, this.#app)),
      this.#log,
    );
  }

  /** Listens, loads, warms up. What goes wrong closes the server again. */
  async start(): Promise<void> {
    const { httpPort, host } = this.#options;
    this.#port = (await this.#connections.listen(httpPort, host)).port;
    try {
      this.#lifecycle.enter("loading");
      await this.#load();
      this.#lifecycle.enter("warming");
      await warmUp(this.#model, this.#log);
    } catch (error) {
      await this.#connections.cut();
      await this.#end();
      throw error;
    }
    this.#model.markReady();
    this.#lifecycle.enter("ready");
    this.#eventLoop = new EventLoopMonitor();
    this.#log.info("ready", { model: this.#model.name, url: this.url });
    this.#loadTheRestSoon();
  }

  async #load(): Promise<void> {
    const { workers, intraOpThreads, maxQueueSize, requestTimeoutMs } = this.#options;
    const log = (
      level: Parameters<ServerLog["write"]>[0],
      message: string,
      fields?: Record<string, unknown>,
    ) => this.#log.write(level, message, fields);
    const executor = await startExecutor(this.#model.source, {
      workers,
      intraOpThreads,
      maxQueueSize,
      log,
      limits: this.#limits,
    });
    this.#model.loaded(executor, requestTimeoutMs);
  }

  /** What a first probe must not wait for: loading it takes as long as all of the start. */
  #loadTheRestSoon(): void {
    this.#restTimer = setTimeout(() => {
      Promise.all([this.#app(), this.#log.loadPino()]).catch((error: unknown) =>
        this.#log.error("the control surface does not load", { stack: (error as Error).stack }),
      );
    }, REST_DELAY_MS);
    this.#restTimer.unref();
  }

  get url(): string {
    const { host } = this;
    return `http://${host.includes(":") ? `[${host}]` : host}:${this.#port}`;
  }

  get host(): string {
    return this.#options.host;
  }

  get port(): number {
    return this.#port;
  }

  get state(): ServerState {
    return this.#lifecycle.state;
  }

  get model(): RunningServer["model"] {
    const { name, info, source } = this.#model;
    return { name, info, source };
  }

  get workers(): number {
    return this.#model.info.execution === "inline" ? 0 : this.#model.executor.load.workers;
  }

  get stopped(): Promise<void> {
    return this.#done.promise;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#drain();
    return this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #drain(): Promise<void> {
    const { drainDelayMs, gracePeriodMs } = this.#options;
    this.#lifecycle.enter("draining");
    this.#log.info("draining", { drain_delay_ms: drainDelayMs, grace_period_ms: gracePeriodMs });
    if (drainDelayMs > 0) await sleep(drainDelayMs);
    this.#lifecycle.startClosing();
    await this.#connections.close(gracePeriodMs);
    await this.#end();
    this.#log.info("stopped");
  }

  async #end(): Promise<void> {
    clearTimeout(this.#restTimer);
    this.#eventLoop?.[Symbol.dispose]();
    await this.#model[Symbol.asyncDispose]();
    this.#lifecycle.enter("stopped");
    this.#done.resolve();
  }
}

/** The Express application, made once, when it is first asked for. */
function lazyApp(
  services: InferenceServices,
  eventLoop: () => EventLoopMonitor | undefined,
  extend: ExtendApp | undefined,
): () => Promise<Application> {
  let app: Promise<Application> | undefined;
  const create = async () => {
    const { createControlApp } = await import("./http/control-app.ts");
    const metricsPage = new MetricsPage({
      models: () => services.plane.models,
      eventLoop,
      log: services.log,
    });
    return createControlApp({ ...services, metricsPage, productVersion: productVersion() }, extend);
  };
  return () => (app ??= create());
}
