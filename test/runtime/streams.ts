import { setTimeout as sleep } from "node:timers/promises";
import { type TestServer, servePredictor } from "./serving.ts";
import type { CreateServerOptions } from "../../runtime/index.ts";

/**
 * A predictor, in this thread, that counts up to `n`. Parameters say how: `size` (texts so long), `failAt`, `gated`
 * (ends only by an abort), `held` (after the first answer it waits for `release`). What happens is in `eventsOf`.
 */
const COUNTING = `
export const execution = "inline";
export const inputs = [{ name: "n", datatype: "INT32", shape: [1] }];
export async function* predict(_model, { n }, ctx) {
  const { size, failAt, gated, held } = ctx.parameters;
  const events = (globalThis.streamEvents ??= []);
  const aborted = () => events.push("abort");
  ctx.signal.addEventListener("abort", aborted);
  try {
    for (let at = 0; at < n.data[0]; at++) {
      if (at === failAt) throw new RangeError("no " + at);
      events.push(at);
      yield size === undefined ? [at] : "x".repeat(size);
      if (held === true && at === 0) await new Promise((resolve) => (globalThis.streamRelease = resolve));
    }
    if (gated === true && !ctx.signal.aborted)
      await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
  } finally {
    ctx.signal.removeEventListener("abort", aborted);
    events.push("finally");
  }
}
`;

/** The same in a worker, which dies at `exitAt`. */
export const MORTAL = `
export const inputs = [{ name: "n", datatype: "INT32", shape: [1] }];
export async function* predict(_model, { n }, ctx) {
  for (let at = 0; at < n.data[0]; at++) {
    if (at === ctx.parameters.exitAt) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      process.exit(4);
    }
    yield [at];
  }
}
`;

/** Serves the counting predictor, what it did to warm up forgotten. */
export async function serveCounting(options: CreateServerOptions["options"] = {}): Promise<TestServer> {
  const server = await servePredictor(COUNTING, { options });
  takeEvents();
  return server;
}

interface Globals {
  streamEvents?: unknown[];
  streamRelease?: () => void;
}

/** What happened in the counting predictor since the last call. */
export function takeEvents(): unknown[] {
  return ((globalThis as Globals).streamEvents ??= []).splice(0);
}

/** The same, left where it is. */
export function events(): readonly unknown[] {
  return ((globalThis as Globals).streamEvents ??= []);
}

/** Lets a `held` stream go on. */
export function release(): void {
  (globalThis as Globals).streamRelease?.();
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; !(await condition()); await sleep(10)) {
    if (Date.now() > end) throw new Error("it does not come true");
  }
}

/** Waits until the predictor gives no more answers, because it may not or because it has none. */
export async function untilStalled(): Promise<void> {
  for (let before = -1; before !== events().length; await sleep(300)) before = events().length;
}

export async function metrics({ url }: TestServer): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}
