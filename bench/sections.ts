import type { RequestName } from "./load/requests.ts";
import type { ServerKind } from "./servers/kinds.ts";

/** A comparison under load: one request, and the servers that answer it. */
export interface Comparison {
  readonly request: RequestName;
  readonly title: string;
  /** Variants by the name they have in the report; the first one is what the others are divided by. */
  readonly variants: Readonly<Record<string, ServerKind>>;
}

const ECHO = {
  "node:http": "bare",
  express: "express",
  "ours, inline": "echo-inline",
  "ours, worker": "echo-worker",
} as const;
const FIRST_TEN = {
  "node:http": "bare",
  express: "express",
  "ours, inline": "first-ten-inline",
  "ours, worker": "first-ten-worker",
} as const;
const IRIS = { "session.run": "direct-iris", "ours, worker": "iris" } as const;
const DIGITS = { "session.run": "direct-digits", "ours, worker": "digits" } as const;

/** Every comparison, by the name that `--only` takes. */
export const COMPARISONS = {
  small: { request: "small-v1", title: "V1 JSON, 85 bytes, echoed", variants: ECHO },
  "small-v2": { request: "small-v2", title: "V2 JSON, 10 numbers, echoed", variants: ECHO },
  medium: { request: "medium", title: "V2 JSON, 8 KB, 1 x 784", variants: FIRST_TEN },
  large: { request: "large", title: "V2 JSON, 1.5 MB, 3 x 224 x 224", variants: FIRST_TEN },
  bin: { request: "bin", title: "V2 binary, 602 KB, 3 x 224 x 224", variants: FIRST_TEN },
  iris: { request: "iris-v1", title: "ONNX iris, V1 JSON", variants: IRIS },
  "iris-bin": { request: "iris-bin", title: "ONNX iris, V2 binary both ways", variants: IRIS },
  digits: { request: "digits-json", title: "ONNX digits, V2 JSON, 1 x 1 x 28 x 28", variants: DIGITS },
  "digits-bin": { request: "digits-bin", title: "ONNX digits, V2 binary both ways", variants: DIGITS },
} as const satisfies Record<string, Comparison>;

/** A comparison's name. */
export type ComparisonName = keyof typeof COMPARISONS;

/** What is measured beside the comparisons. */
export type SectionName = ComparisonName | "cold-start" | "health" | "soak";

/** Every section, in the order of the report. */
export const SECTIONS: readonly SectionName[] = [
  ...(Object.keys(COMPARISONS) as ComparisonName[]),
  "cold-start",
  "health",
  "soak",
];
