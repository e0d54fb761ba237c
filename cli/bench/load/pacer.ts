import { Worker } from "node:worker_threads";

/**
 * Sleeps until a moment and then wakes the thread that asked: Node's own timers come up to 2 ms late, which is more than
 * a fast model takes. A thread can sleep to the tenth of a millisecond, and does not burn a core that the server needs.
 * Written as a text, since it is a few lines and so needs no file of its own in the package.
 */
const SLEEPER = `
const { workerData, parentPort } = require("node:worker_threads");
const due = new BigInt64Array(workerData.due);
const bell = new Int32Array(workerData.bell);
let rung = 0n;
for (;;) {
  const heard = Atomics.load(bell, 0);
  const at = Atomics.load(due, 0);
  if (at < 0n) break;
  const leftMs = at === 0n || at === rung ? Infinity : Number(at - process.hrtime.bigint()) / 1e6;
  if (leftMs > 0) { Atomics.wait(bell, 0, heard, leftMs); continue; }
  rung = at;
  parentPort.postMessage(0);
}
`;

/** Wakes at a moment, one at a time. */
export class Pacer implements AsyncDisposable {
  readonly #due = new BigInt64Array(new SharedArrayBuffer(8));
  readonly #bell = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;
  #onWake: () => void = () => undefined;

  private constructor() {
    this.#worker = new Worker(SLEEPER, {
      eval: true,
      workerData: { due: this.#due.buffer, bell: this.#bell.buffer },
      // What the process was started with may not fit a script that is no module.
      execArgv: [],
      stdout: false,
    });
    this.#worker.on("message", () => this.#onWake());
  }

  static async start(): Promise<Pacer> {
    const pacer = new Pacer();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    pacer.#worker.once("online", resolve);
    pacer.#worker.once("error", reject);
    await promise;
    return pacer;
  }

  /** Calls back after so many milliseconds. A later call takes the place of an earlier one that has not come true. */
  wakeAfter(ms: number, callback: () => void): void {
    this.#onWake = callback;
    const at = process.hrtime.bigint() + BigInt(Math.round(Math.max(0, ms) * 1e6));
    this.#tell(at);
  }

  /** Calls back no more. */
  rest(): void {
    this.#onWake = () => undefined;
    this.#tell(0n);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tell(-1n);
    await this.#worker.terminate();
  }

  #tell(at: bigint): void {
    Atomics.store(this.#due, 0, at);
    Atomics.add(this.#bell, 0, 1);
    Atomics.notify(this.#bell, 0);
  }
}
