import { createRequire } from "node:module";
import type * as PromClient from "prom-client";
import type { EngineGauge } from "../engines/engine.ts";

/** The registry of a predictor's own metrics, made when the predictor first asks for it: most never do. */
export class UserMetrics {
  #registry: PromClient.Registry | undefined;

  /** Whether anybody has asked for the registry. */
  get isUsed(): boolean {
    return this.#registry !== undefined;
  }

  /** `ctx.metrics` is no promise, so prom-client (20 ms) is required, not imported, by whoever asks first. */
  get registry(): PromClient.Registry {
    if (this.#registry === undefined) {
      const { Registry } = createRequire(import.meta.url)("prom-client") as typeof PromClient;
      this.#registry = new Registry();
    }
    return this.#registry;
  }

  /**
   * As prom-client's `getMetricsAsJSON` gives them; undefined when there are none.
   * @param gauges of the model's engine, which travel with the predictor's own
   */
  async read(modelName: string, gauges: readonly EngineGauge[] = []): Promise<unknown> {
    const own = await this.#registry?.getMetricsAsJSON();
    if (gauges.length === 0) return own;
    const added = gauges.map(({ name, help, value }) => {
      const values = [{ value, labels: { model_name: modelName } }];
      return { name, help, type: "gauge", values, aggregator: "sum" };
    });
    return [...(own ?? []), ...added];
  }
}
