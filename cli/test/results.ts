import type { Difference } from "../../contract/answers/compare-answers.ts";
import type { TestProtocol } from "./protocols.ts";

/** What came of asking an example in one way. */
export type Outcome =
  | { readonly kind: "passed"; readonly ms: number }
  | {
      readonly kind: "failed";
      readonly ms: number;
      /** What is wrong, in a sentence. */
      readonly reason: string;
      /** The first places that differ. */
      readonly differences: readonly Difference[];
      /** How many differ. */
      readonly differenceCount: number;
    }
  | {
      readonly kind: "not-applicable";
      /** Why it was not asked, or what came does not count. */
      readonly reason: string;
    };

/** How an example stands with its expected answer. `updated`: it was written anew; `added`: for the first time. */
export type ExpectedState = "given" | "none" | "updated" | "added" | "unchanged";

/** What came of an example. */
export interface ExampleResult {
  /** As messages name it: `examples/seven.json`. */
  readonly name: string;
  readonly model: string;
  /** The protocol that it is written in. */
  readonly protocol: "v1" | "v2";
  readonly expected: ExpectedState;
  /** What `--update` has changed, in a few words; undefined where it has changed nothing. */
  readonly change: string | undefined;
  readonly outcomes: ReadonlyMap<TestProtocol, Outcome>;
}

/** What came of all examples. */
export interface TestReport {
  /** What was asked, for people: `a server of examples/digits`. */
  readonly place: string;
  readonly protocols: readonly TestProtocol[];
  readonly examples: readonly ExampleResult[];
  /** Examples that were not asked: `--bail` ended it. */
  readonly left: number;
  readonly ms: number;
}

/** Whether an example has failed in any way. */
export function hasFailed({ outcomes }: ExampleResult): boolean {
  return [...outcomes.values()].some(({ kind }) => kind === "failed");
}

/** Outcomes of all examples, counted. */
export function countOutcomes(report: TestReport): Readonly<Record<Outcome["kind"], number>> {
  const counts = { passed: 0, failed: 0, "not-applicable": 0 };
  for (const { outcomes } of report.examples) for (const { kind } of outcomes.values()) counts[kind]++;
  return counts;
}
