import type { LaunchOptions } from "../servers/launch.ts";

/** How long, and with how much. */
export interface StayingUpSettings extends LaunchOptions {
  /** Length of a scenario. */
  readonly seconds: number;
  /** Length of the soak. */
  readonly soakSeconds: number;
  /** Connections that only idle. */
  readonly idleConnections: number;
  /** Clients that send their body a byte a second. */
  readonly slowBodies: number;
  /** Clients that leave in the middle. */
  readonly leavers: number;
}

/** Something that must hold, and what was seen. */
export interface Check {
  readonly what: string;
  readonly got: string | number;
  readonly holds: boolean;
}

/** What a scenario saw. */
export interface Outcome {
  readonly figures: Readonly<Record<string, number | string>>;
  readonly checks: readonly Check[];
}

/** A way to bring a server down, and what it does instead. */
export interface Scenario {
  readonly name: string;
  /** A sentence for the report. */
  readonly what: string;
  run(settings: StayingUpSettings): Promise<Outcome>;
}
