import type { LoadRequest } from "./lane.ts";
import type { Lanes } from "./lanes.ts";
import type { Pacer } from "./pacer.ts";
import { WindowRecorder, type WindowResult } from "./window.ts";

/** A load whose requests leave when they are due, however the server does. */
export interface OpenLoop<Request extends LoadRequest> {
  readonly lanes: Lanes<Request>;
  readonly pacer: Pacer;
  readonly nextRequest: () => Request;
  /** When requests are due: milliseconds from the start, ascending. */
  readonly nextArrivalMs: () => number;
  /** Milliseconds at the start that are not measured. */
  readonly warmupMs: number;
  /** Milliseconds that are measured after that. */
  readonly windowMs: number;
  /** Milliseconds to wait for answers once the last request has left; what is open then counts as unanswered. */
  readonly drainMs: number;
  readonly signal: AbortSignal;
}

/**
 * Sends requests when they are due and measures each latency from that moment. Where the server stalls, the requests that
 * were due meanwhile are late by as much, and all of them count: a loop that waits for an answer before it sends again
 * would have left them out, and with them most of what its users see ("coordinated omission").
 * @throws the signal's reason, once it is aborted
 */
export async function openLoop<Request extends LoadRequest>(load: OpenLoop<Request>): Promise<WindowResult> {
  load.signal.throwIfAborted();
  const run = new OpenLoopRun(load);
  using recorder = run.recorder;
  await run.finished();
  return recorder.result();
}

class OpenLoopRun<Request extends LoadRequest> {
  readonly recorder: WindowRecorder;
  readonly #load: OpenLoop<Request>;
  readonly #startMs = performance.now();
  readonly #fromMs: number;
  readonly #untilMs: number;
  readonly #allSent = Promise.withResolvers<void>();
  readonly #allEnded = Promise.withResolvers<void>();
  #nextMs: number;
  #open = 0;
  #isSending = true;
  #isMeasuring = false;

  constructor(load: OpenLoop<Request>) {
    this.#load = load;
    this.#fromMs = this.#startMs + load.warmupMs;
    this.#untilMs = this.#fromMs + load.windowMs;
    this.recorder = new WindowRecorder(this.#fromMs, this.#untilMs);
    this.#nextMs = this.#startMs + load.nextArrivalMs();
  }

  async finished(): Promise<void> {
    const { signal, lanes, pacer, drainMs } = this.#load;
    const stop = () => this.#allSent.reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    try {
      this.#tick();
      await this.#allSent.promise;
      this.recorder.close();
      const timer = setTimeout(() => this.#allEnded.resolve(), drainMs);
      signal.addEventListener("abort", () => this.#allEnded.resolve(), { once: true });
      await this.#allEnded.promise;
      clearTimeout(timer);
      signal.throwIfAborted();
    } finally {
      signal.removeEventListener("abort", stop);
      pacer.rest();
      lanes.abandon("unanswered");
    }
  }

  /** Sends all that is due by now, and sleeps until the next is. */
  readonly #tick = (): void => {
    const nowMs = performance.now();
    if (!this.#isMeasuring && nowMs >= this.#fromMs) {
      this.#isMeasuring = true;
      this.recorder.begin();
    }
    while (this.#nextMs <= nowMs && this.#nextMs < this.#untilMs) {
      this.#send(this.#nextMs);
      this.#nextMs = this.#startMs + this.#load.nextArrivalMs();
    }
    if (this.#nextMs < this.#untilMs) {
      this.#load.pacer.wakeAfter(this.#nextMs - performance.now(), this.#tick);
    } else if (nowMs < this.#untilMs) {
      this.#load.pacer.wakeAfter(this.#untilMs - performance.now(), this.#tick);
    } else {
      this.#isSending = false;
      this.#allSent.resolve();
      if (this.#open === 0) this.#allEnded.resolve();
    }
  };

  #send(dueMs: number): void {
    const { lanes, nextRequest } = this.#load;
    this.#open++;
    const before = lanes.waited;
    lanes.send(nextRequest(), dueMs, (failure) => {
      this.recorder.ended(dueMs, performance.now(), failure);
      this.#open--;
      if (!this.#isSending && this.#open === 0) this.#allEnded.resolve();
    });
    this.recorder.sent(dueMs, performance.now(), lanes.waited > before);
  }
}
