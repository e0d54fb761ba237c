import { fileURLToPath } from "node:url";
import { Child } from "../servers/child.ts";
import type { LoadOrder, LoadReport, ProbeOrder, ProbeReport } from "./orders.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

/** The load generator in a process of its own, so that its work does not slow what it measures. */
export class LoadProcess implements AsyncDisposable {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async start(core: number | undefined): Promise<LoadProcess> {
    const child = new Child([MAIN], { core, ipc: true });
    await child.receive();
    return new LoadProcess(child);
  }

  /** @throws Error when the server cannot be reached, or a single answer was wrong */
  async order(order: Exclude<LoadOrder, { readonly kind: "probes" }>): Promise<LoadReport> {
    const report = await this.#ask<LoadReport>(order);
    const { errors, firstError } = report.load;
    if (errors > 0) throw new Error(`${errors} requests failed, the first: ${firstError}`);
    return report;
  }

  /** The time of each probe in milliseconds. @throws Error on any answer but 200 */
  async probe(order: ProbeOrder): Promise<readonly number[]> {
    return (await this.#ask<ProbeReport>({ kind: "probes", ...order })).probesMs;
  }

  async #ask<Report extends object>(order: LoadOrder): Promise<Report> {
    const report = await this.#child.ask<Report | { readonly failed: string }>(order);
    if ("failed" in report) throw new Error(report.failed);
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }
}
