import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Application } from "express";
import { KtsError, messageOf } from "../contract/errors.ts";
import { DEFAULT_LIMITS, type DecodeLimits } from "../protocol/limits.ts";
import { DataPlane } from "./data-plane.ts";
import type { CodeWatch } from "./dev/code-state.ts";
import type { ProjectWatch } from "./dev/project-watch.ts";
import { GrpcListener } from "./grpc/grpc-listener.ts";
import { Connections } from "./http/connections.ts";
import type { ExtendApp } from "./http/control-app.ts";
import { createHttpServer } from "./http/http-server.ts";
import { FastLane } from "./http/lane/fast-lane.ts";
import { createListener } from "./http/listener.ts";
import { Lifecycle, type ServerState } from "./lifecycle.ts";
import type { LayeredOptions } from "./config/settings.ts";
import type { Served } from "./models/find-models.ts";
import { Limit } from "./models/load-limit.ts";
import { type LoadFailure, ModelRepository } from "./models/model-repository.ts";
import type { ModelStore } from "./models/model-store.ts";
import { startModel } from "./models/start-model.ts";
import { type ServerOptions, grpcPortOf } from "./options.ts";
import { productVersion } from "./product-version.ts";
import type { ServedModel } from "./served-model.ts";
import { EventLoopMonitor } from "./telemetry/event-loop.ts";
import type { ServerLog } from "./telemetry/logger.ts";
import { type Observers, stopObservers } from "./telemetry/observers.ts";
import { grantedCpus } from "./workers/cpus.ts";
import { SharedWorkers } from "./workers/shared-workers.ts";
import type { RunningModel, RunningServer } from "./running-server.ts";
import { lazyApp } from "./http/lazy-app.ts";

/** A probe comes at once, a request for metadata or metrics most likely later. */
const REST_DELAY_MS = 500;

/** Models that may load at once, at least: much of a load is reading files and starting a thread. */
const LEAST_LOADS = 2;

/** What a server is made of. */
export interface ServerParts {
  readonly served: Served;
  readonly store: ModelStore;
  readonly layered: LayeredOptions;
  readonly log: ServerLog;
  readonly observers: Observers;
  readonly extend: ExtendApp | undefined;
  readonly fastLane: boolean;
  readonly watch: ProjectWatch | undefined;
}

/** A server from its start to its end. */
export class ModelServer implements RunningServer {
  readonly #options: ServerOptions;
  readonly #log: ServerLog;
  readonly #lifecycle = new Lifecycle();
  readonly #store: ModelStore;
  readonly #repository: ModelRepository;
  readonly #watch: ProjectWatch | undefined;
  #sharedWorkers: SharedWorkers | undefined;
  readonly #connections: Connections;
  readonly #grpc: GrpcListener | undefined;
  readonly #app: () => Promise<Application>;
  readonly #observers: Observers;
  readonly #done = Promise.withResolvers<void>();
  #eventLoop: EventLoopMonitor | undefined;
  #restTimer: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;
  #port: number;
  #grpcPort: number | undefined;

  constructor({ served, store, layered, log, observers, extend, fastLane, watch }: ServerParts) {
    const { options } = layered;
    this.#watch = watch;
    this.#options = options;
    this.#observers = observers;
    this.#port = options.httpPort;
    this.#log = log;
    const limits = { ...DEFAULT_LIMITS, maxTensorBytes: options.maxTensorBytes };
    this.#store = watch?.store ?? store;
    this.#repository = this.#createRepository(limits);
    const plane = new DataPlane(this.#repository, limits);
    const services = { plane, lifecycle: this.#lifecycle, options, limits, log, ...observers };
    const project = {
      served: served.kind === "model" ? served.path : served.root,
      codeWatch: this.codeWatch,
    };
    this.#app = lazyApp(services, project, () => this.#eventLoop, extend);
    const httpServer = createHttpServer(options, createListener(services, this.#app));
    const lane = fastLane ? new FastLane(services, httpServer) : undefined;
    this.#connections = new Connections(httpServer, log, lane);
    if (options.enableGrpc) {
      this.#grpc = new GrpcListener({ ...services, productVersion });
    }
  }

  #createRepository(limits: DecodeLimits): ModelRepository {
    const watch = this.#watch;
    const context = {
      log: this.#log,
      requestTimeoutMs: this.#options.requestTimeoutMs,
      executor: { limits, ...(watch && { tuning: { startThread: watch.threads.start } }) },
      sharedWorkers: () => this.#shared(),
      onWarming: () => this.#enterWarming(),
    };
    return new ModelRepository({
      store: this.#store,
      limit: new Limit(Math.max(LEAST_LOADS, Math.floor(grantedCpus()))),
      start(model, settings) {
        const start = () => startModel(model, settings, context);
        return watch === undefined ? start() : watch.start(model, start);
      },
      log: this.#log,
    });
  }

  /** The workers that models share: where so many are asked for, or there are more models than CPUs. */
  #shared(): SharedWorkers | undefined {
    const cpus = Math.max(1, Math.floor(grantedCpus()));
    const many = this.#repository.size > cpus ? cpus : 0;
    const most = this.#options.sharedWorkers ?? many;
    if (most > 0) this.#sharedWorkers ??= new SharedWorkers(most);
    return most > 0 ? this.#sharedWorkers : undefined;
  }

  /** Listens, loads, warms up. What goes wrong closes the server again. */
  async start(): Promise<void> {
    const { httpPort, host } = this.#options;
    this.#port = (await this.#connections.listen(httpPort, host)).port;
    try {
      this.#grpcPort = (await this.#grpc?.listen(grpcPortOf(this.#options), host))?.port;
      this.#lifecycle.enter("loading");
      const names = await this.#store.list();
      this.#requireOne(names, await this.#repository.loadAll(names));
    } catch (error) {
      await Promise.all([this.#connections.cut(), this.#grpc?.close(0)]);
      await this.#end();
      throw error;
    }
    this.#lifecycle.enter("ready");
    this.#eventLoop = new EventLoopMonitor();
    const { models } = this.#repository;
    this.#log.info("ready", {
      ...(models.length === 1 ? { model: models[0]?.name } : { models: models.length }),
      url: this.url,
    });
    this.#loadTheRestSoon();
    await this.#watch?.begin(this.#repository);
  }

  /** The last model is loaded, and what remains is to warm up. */
  #enterWarming(): void {
    if (this.#repository.models.every(({ load }) => load !== undefined)) this.#lifecycle.enter("warming");
  }

  /** A server whose every model failed has nothing to wait for. */
  #requireOne(names: readonly string[], failures: readonly LoadFailure[]): void {
    const [first] = failures;
    if (first !== undefined && names.length === failures.length) {
      if (names.length === 1) throw first.error;
      throw new KtsError(
        "KTS_LOAD_FAILED",
        `none of the ${names.length} models of ${this.#store.root} loads; of ${first.name}: ${messageOf(first.error)}`,
        { cause: first.error, hint: "Correct the models." },
      );
    }
    for (const { name, error } of failures) {
      this.#log.error(`a model does not load: ${messageOf(error)}`, {
        model: name,
        stack: error instanceof Error ? error.stack : undefined,
      });
    }
  }

  /** What a first probe must not wait for: loading it takes as long as all of the start. */
  #loadTheRestSoon(): void {
    this.#restTimer = setTimeout(() => {
      this.#loadTheRest().catch((error: unknown) =>
        this.#log.error("the control surface does not load", { stack: (error as Error).stack }),
      );
    }, REST_DELAY_MS);
    this.#restTimer.unref();
  }

  /** One after the other, so that what comes meanwhile waits for one of them only. */
  async #loadTheRest(): Promise<void> {
    for (const load of [() => this.#log.loadPino(), () => this.#grpc?.load(), this.#app]) {
      await load();
      await nextTurn();
    }
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

  get grpcPort(): number | undefined {
    return this.#grpcPort;
  }

  get playground(): boolean {
    return this.#options.playground;
  }

  get state(): ServerState {
    return this.#lifecycle.state;
  }

  get model(): RunningModel {
    const [first] = this.models;
    if (first === undefined) throw new KtsError("KTS_MODEL_NOT_READY", "No model is loaded.");
    return first;
  }

  get models(): readonly RunningModel[] {
    return this.#loaded.map(({ name, info, source }) => ({ name, info, source }));
  }

  get workers(): number {
    const each = this.#loaded
      .filter(({ info }) => info.execution !== "inline")
      .reduce((workers, { executor }) => workers + executor.load.workers, 0);
    const { seats, threads } = this.#sharedWorkers ?? { seats: 0, threads: 0 };
    return Math.max(0, each - seats) + threads;
  }

  get codeWatch(): CodeWatch | undefined {
    return this.#watch;
  }

  get #loaded(): readonly ServedModel[] {
    return this.#repository.models.filter(({ load }) => load !== undefined);
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
    // Closing a connection that is kept may cross a request on it; so its client is told with an answer before. Twice:
    // who came back at first may have been led here by a router that had not heard of it yet.
    for (let half = 0; drainDelayMs > 0 && half < 2; half++) {
      this.#connections.askToLeave();
      await sleep(drainDelayMs / 2);
    }
    await this.#connections.shut();
    this.#lifecycle.startClosing();
    await Promise.all([this.#connections.close(gracePeriodMs), this.#grpc?.close(gracePeriodMs)]);
    await this.#end();
    this.#log.info("stopped");
  }

  async #end(): Promise<void> {
    clearTimeout(this.#restTimer);
    this.#watch?.[Symbol.dispose]();
    this.#eventLoop?.[Symbol.dispose]();
    await this.#repository[Symbol.asyncDispose]();
    await stopObservers(this.#observers);
    this.#lifecycle.enter("stopped");
    this.#done.resolve();
  }
}
