import type { ModelConfig } from "../contract/config.ts";
import type { CodeWatch } from "./dev/code-state.ts";
import type { WatchEvent } from "./dev/watch-event.ts";
import type { ExtendApp } from "./http/control-app.ts";
import type { ServerState } from "./lifecycle.ts";
import type { ModelSource } from "./models/source.ts";
import type { ServerOptions } from "./options.ts";
import type { ModelInfo } from "./pipeline/executor.ts";
import type { LogSink } from "./telemetry/logger.ts";

/** What a server may have beside its options. */
export interface ServerExtras {
  /** Adds routes and middleware to the Express application; they never see inference requests. */
  readonly extend?: ExtendApp;
  /** Where log lines go. Default: stderr. */
  readonly logSink?: LogSink;
  /**
   * The options that were chosen (by the environment or a flag), and so outrank the config file. Default: those whose
   * value is not the default.
   */
  readonly given?: ReadonlySet<keyof ServerOptions>;
  /**
   * False: node:http reads every request. For tests and measurements, which compare the two; nothing that a client sees
   * depends on it. Default: true.
   */
  readonly fastLane?: boolean;
  /**
   * Watches the project and serves what its files are, as they change; told of each change, and why one cannot serve.
   * For development: it takes esbuild. Default: the files are served as they are at the start.
   */
  readonly watch?: (event: WatchEvent) => void;
  /** Settings of every model that outrank the config file's: for measurements, which compare them. */
  readonly model?: ModelConfig;
}

/** A model that a server serves. */
export interface RunningModel {
  readonly name: string;
  readonly info: ModelInfo;
  readonly source: ModelSource;
}

/** A server that answers. */
export interface RunningServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly host: string;
  /** The port it listens on; the one taken, where 0 was asked for. */
  readonly port: number;
  /** The port of gRPC; undefined where it is not served. */
  readonly grpcPort: number | undefined;
  readonly state: ServerState;
  /** Whether a browser gets the playground at `url`. */
  readonly playground: boolean;
  /** The model; of several the first that is loaded. */
  readonly model: RunningModel;
  /** Every version of every model that is loaded. */
  readonly models: readonly RunningModel[];
  /** Workers that can take requests; 0 where every predictor runs inline. */
  readonly workers: number;
  /** What has become of the last change of the project; undefined where it is not watched. */
  readonly codeWatch: CodeWatch | undefined;
  /**
   * Stops without losing a request: not ready at once, serving on for `drainDelayMs` while clients are told to take
   * other connections; then no new ones while requests in flight have `gracePeriodMs` to finish; then the model is
   * unloaded. Calling it again waits with the first call.
   */
  stop(): Promise<void>;
  /** Resolves when the server has stopped. */
  readonly stopped: Promise<void>;
}
