import { performance } from "node:perf_hooks";

const BUSY_MS = 20;

/** Keeps its thread busy for 20 ms, as a model that computes does. */
export function predict(_model, input) {
  const until = performance.now() + BUSY_MS;
  while (performance.now() < until);
  return input;
}
