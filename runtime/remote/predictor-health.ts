import { isKtsError, messageOf } from "../../contract/errors.ts";
import { type RemoteConnection, openConnection } from "./connection.ts";
import { remoteFailure } from "./failure.ts";
import type { RemoteSettings } from "./settings.ts";

/** How long an answer stands: a cluster, a load balancer and a mesh may all ask at once. */
const FRESH_MS = 1000;

/** Who asks for readiness has little patience: a kubelet one second, unless it is told otherwise. */
const TIMEOUT_MS = 2000;

/** Whether the predictor of a transformer is ready, asked when somebody wants to know. */
export class PredictorHealth implements Disposable {
  readonly #modelName: string;
  readonly #settings: RemoteSettings;
  readonly #gone = new AbortController();
  #connection: Promise<RemoteConnection> | undefined;
  #reason: Promise<string | undefined> | undefined;
  #freshUntil = 0;

  constructor(modelName: string, settings: RemoteSettings) {
    this.#modelName = modelName;
    this.#settings = settings;
  }

  /** Why the predictor cannot answer; undefined while it can. At most a second old. */
  notReadyReason(): Promise<string | undefined> {
    if (this.#reason === undefined || performance.now() >= this.#freshUntil) {
      // While the predictor has not answered, whoever else asks waits with the first.
      this.#freshUntil = Infinity;
      this.#reason = this.#ask().finally(() => (this.#freshUntil = performance.now() + FRESH_MS));
    }
    return this.#reason;
  }

  async #ask(): Promise<string | undefined> {
    try {
      this.#connection ??= openConnection(this.#settings);
      const ready = await (
        await this.#connection
      ).ready(this.#modelName, {
        signal: this.#gone.signal,
        timeoutMs: TIMEOUT_MS,
        headers: {},
        parameters: {},
      });
      return ready ? undefined : "Its predictor is not ready.";
    } catch (error) {
      const failure = remoteFailure(error, { ...this.#settings, timeoutMs: TIMEOUT_MS });
      const answered = isKtsError(failure) && failure.code === "KTS_HTTP_ERROR";
      return `${answered ? `Its predictor answered ${failure.status}: ` : ""}${messageOf(failure)}`;
    }
  }

  [Symbol.dispose](): void {
    this.#gone.abort();
    void this.#connection?.then((connection) => connection[Symbol.dispose]());
  }
}
