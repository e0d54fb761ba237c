import type { LoadResult } from "./closed-loop.ts";
import type { RequestName } from "./requests.ts";

/** What the load generator's process is asked to do. */
export type LoadOrder =
  /** One request, as often as it goes in some seconds. */
  | { readonly kind: "window"; port: number; connections: number; request: RequestName; seconds: number }
  /** As `window`, with a binary tensor of some numbers. */
  | { readonly kind: "body"; port: number; connections: number; elements: number; seconds: number }
  /** Small predicts without a pause, and a probe at an interval beside them. */
  | {
      readonly kind: "probe";
      port: number;
      connections: number;
      seconds: number;
      path: string;
      everyMs: number;
    }
  /** Probes at an interval, and nothing else. */
  | ({ readonly kind: "probes" } & ProbeOrder)
  /** A number of requests of mixed sizes, some of them bad. */
  | { readonly kind: "mixed"; port: number; connections: number; count: number; seed: number };

/** Where and how often to probe. */
export interface ProbeOrder {
  readonly port: number;
  readonly path: string;
  readonly everyMs: number;
  readonly seconds: number;
}

/** What it answers to all orders but `probes`. */
export interface LoadReport {
  readonly load: LoadResult;
  /** The time of each probe. */
  readonly probesMs?: readonly number[];
}

/** What it answers to `probes`. */
export type ProbeReport = Required<Pick<LoadReport, "probesMs">>;
