import { monitorEventLoopDelay } from "node:perf_hooks";

const RESOLUTION_MS = 20;
const NANOSECONDS = 1e9;

/** How long the event loop was held up. */
export interface EventLoopDelay {
  /** Seconds, since the last reading. */
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** Samples the delay of this thread's event loop. */
export class EventLoopMonitor implements Disposable {
  readonly #samples = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#samples.enable();
  }

  /** The delays since the last reading, beyond the sampling interval itself. */
  read(): EventLoopDelay {
    const samples = this.#samples;
    const beyond = (ns: number) => Math.max(0, ns / NANOSECONDS - RESOLUTION_MS / 1000);
    const empty = samples.count === 0;
    const delay = {
      median: empty ? 0 : beyond(samples.percentile(50)),
      p99: empty ? 0 : beyond(samples.percentile(99)),
      max: empty ? 0 : beyond(samples.max),
    };
    samples.reset();
    return delay;
  }

  [Symbol.dispose](): void {
    this.#samples.disable();
  }
}
