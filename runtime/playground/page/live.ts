import type { ModelView, RequestView } from "../wire.ts";
import { BucketChart, LineChart } from "./chart.ts";
import { el } from "./dom.ts";

/** Figures of the model, second by second. */
export class Live {
  readonly element: HTMLElement;
  readonly #latency = new LineChart("Latency", ["p50", "p99"], " ms");
  readonly #throughput = new LineChart("Throughput", ["requests", "failures"], "/s");
  readonly #queue = new LineChart("Queue", ["waiting", "in flight"], "");
  readonly #batches = new BucketChart("Batch sizes");
  #before: { readonly at: number; readonly model: ModelView } | undefined;

  constructor() {
    const charts = [this.#latency, this.#throughput, this.#queue, this.#batches];
    this.element = el("div", { class: "charts" }, ...charts.map(({ element }) => element));
  }

  /** @param ended the model's requests since the last update, or the last hundred of them */
  update(model: ModelView, ended: readonly RequestView[]): void {
    const at = performance.now();
    const before = this.#before?.model.name === model.name ? this.#before : undefined;
    const isOther = before === undefined || before.model.version !== model.version;
    if (isOther) for (const chart of [this.#latency, this.#throughput, this.#queue]) chart.clear();
    this.#before = { at, model };
    this.#batches.update(model.batches.bounds, model.batches.counts);
    this.#queue.add([model.queued, model.inFlight]);
    if (isOther) return;
    const seconds = Math.max(0.001, (at - before.at) / 1000);
    // A model that is loaded anew keeps its counts; one that is another of the same name starts at 0.
    const since = (now: number, then: number) => Math.round((Math.max(0, now - then) / seconds) * 10) / 10;
    this.#throughput.add([
      since(model.requests, before.model.requests),
      since(model.failures, before.model.failures),
    ]);
    const times = ended.map(({ totalMs }) => totalMs).sort((one, other) => one - other);
    this.#latency.add([quantile(times, 0.5), quantile(times, 0.99)]);
  }
}

function quantile(sorted: readonly number[], part: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}
