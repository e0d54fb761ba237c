import type { Capacity } from "../search/find-capacity.ts";
import type { Knee } from "../search/find-knee.ts";
import type { BenchSettings, ServerFacts } from "../settings.ts";
import type { Step } from "../step.ts";
import type { Suggestion } from "../suggest.ts";
import type { BenchProtocol } from "../traffic.ts";
import type { MachineFacts } from "./machine.ts";

/** All that was measured. `-o json` prints it; docs/20-testing-and-measuring.md says what its members mean. */
export interface BenchReport {
  /** Of this format; members may be added to it. */
  readonly version: 1;
  readonly product: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly model: string;
  readonly server: {
    readonly url: string;
    /** Whether it was started to be measured. */
    readonly isOwn: boolean;
  };
  readonly protocol: BenchProtocol;
  readonly requests: readonly { readonly name: string; readonly bodyBytes: number }[];
  readonly method: BenchMethod;
  readonly machine: MachineFacts;
  /** What the p99 has to stay under, in milliseconds; null without a goal. */
  readonly goalP99Ms: number | null;
  /** One for every setting that was measured, the project's own first. */
  readonly runs: readonly BenchRun[];
  readonly suggestion: Suggestion | null;
  /** It was ended before it was through. */
  readonly isInterrupted: boolean;
  /** What keeps the figures from being taken as they are. */
  readonly warnings: readonly string[];
}

/** How it was measured. */
export interface BenchMethod {
  readonly arrivals: "poisson" | "constant";
  readonly warmupSeconds: number;
  readonly secondsPerStep: number;
  readonly connections: number;
  readonly timeoutMs: number;
}

/** A server in one setting. */
export interface BenchRun {
  /** What was changed; empty for the project's own. */
  readonly settings: BenchSettings;
  /** How the server runs; null of one that was not started here. */
  readonly server: ServerFacts | null;
  readonly capacity: Capacity | null;
  /** In the order of measuring. */
  readonly steps: readonly Step[];
  readonly knee: Knee | null;
}
