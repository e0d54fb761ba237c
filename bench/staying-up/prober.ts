import { LoadProcess } from "../load/load-process.ts";
import { spreadOf } from "../measure/statistics.ts";
import { LOAD_CORE } from "../servers/pinning.ts";
import type { Check, StayingUpSettings } from "./scenario.ts";

const PATH = "/v2/health/ready";
const EVERY_MS = 20;
const SLICE_SECONDS = 0.5;
const HEALTH_MS = 100;

/** Asks for readiness every 20 ms, from a process that does nothing else, as long as it is let. */
export class Prober implements AsyncDisposable {
  readonly #load: LoadProcess;
  readonly #port: number;
  readonly #times: number[] = [];
  #isOver = false;
  readonly #ended: Promise<void>;
  #failure: string | undefined;

  private constructor(port: number, load: LoadProcess) {
    this.#port = port;
    this.#load = load;
    this.#ended = this.#probe();
  }

  static async start(port: number, { core }: StayingUpSettings): Promise<Prober> {
    return new Prober(port, await LoadProcess.start(core === undefined ? undefined : LOAD_CORE));
  }

  /** Stops, and says what was seen. */
  async stop(): Promise<{ readonly figures: Record<string, number>; readonly checks: readonly Check[] }> {
    this.#isOver = true;
    await this.#ended;
    const { median, max } = spreadOf(this.#times);
    const count = this.#times.length;
    return {
      figures: { "health probes": count, "health, median ms": median, "health, slowest ms": max },
      checks: [
        {
          what: "every probe of health is 200",
          got: this.#failure ?? `${count} probes`,
          holds: this.#failure === undefined && count > 0,
        },
        { what: `health answers within ${HEALTH_MS} ms all along`, got: max, holds: max < HEALTH_MS },
      ],
    };
  }

  async #probe(): Promise<void> {
    const order = { port: this.#port, path: PATH, everyMs: EVERY_MS, seconds: SLICE_SECONDS };
    try {
      while (!this.#isOver) this.#times.push(...(await this.#load.probe(order)));
    } catch (error) {
      this.#failure = (error as Error).message;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#ended;
    await this.#load[Symbol.asyncDispose]();
  }
}
