import { createRequire } from "node:module";
import type * as PromClient from "prom-client";

/** The registry of a predictor's own metrics, made when the predictor first asks for it: most never do. */
export class UserMetrics {
  #registry: PromClient.Registry | undefined;

  /** `ctx.metrics` is no promise, so prom-client (20 ms) is required, not imported, by whoever asks first. */
  get registry(): PromClient.Registry {
    if (this.#registry === undefined) {
      const { Registry } = createRequire(import.meta.url)("prom-client") as typeof PromClient;
      this.#registry = new Registry();
    }
    return this.#registry;
  }

  /** As prom-client's `getMetricsAsJSON` gives them; undefined when the predictor has none. */
  async read(): Promise<unknown> {
    return this.#registry?.getMetricsAsJSON();
  }
}
