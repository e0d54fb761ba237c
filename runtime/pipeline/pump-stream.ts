import type { Prediction } from "../../contract/inference.ts";
import { STREAM_WINDOW } from "./pending-stream.ts";

/** How many answers a stream may give before its reader has read some. */
export class StreamCredits {
  #credits = STREAM_WINDOW;
  #isStopped = false;
  #wake: (() => void) | undefined;

  /** The reader has read so many more. */
  grant(answers: number): void {
    this.#credits += answers;
    this.#wake?.();
  }

  /** Nobody reads any more. */
  stop(): void {
    this.#isStopped = true;
    this.#wake?.();
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Waits until one more answer may be given. False when nobody wants one. */
  async take(): Promise<boolean> {
    while (this.#credits === 0 && !this.#isStopped) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#wake = undefined;
    if (this.#isStopped) return false;
    this.#credits--;
    return true;
  }
}

/**
 * Takes answers from a stream at the pace of their reader, until it ends or nobody reads any more. Either way the
 * stream has ended, `finally` blocks included, when this resolves.
 * @throws whatever the stream, or `give`, threw
 */
export async function pumpStream(
  stream: AsyncGenerator<Prediction, void>,
  credits: StreamCredits,
  give: (prediction: Prediction) => void,
): Promise<void> {
  try {
    while (await credits.take()) {
      const { done, value } = await stream.next();
      if (done === true || credits.isStopped) return;
      give(value);
    }
  } finally {
    await stream.return();
  }
}
