import type { ColdStart } from "../measure/cold-start.ts";
import type { HealthUnderLoad } from "../measure/health.ts";
import type { Soak } from "../measure/soak.ts";
import type { Row } from "../measure/throughput.ts";
import type { ComparisonName } from "../sections.ts";
import type { BenchSettings } from "../settings.ts";

/** Where the numbers come from: what a reader needs to judge them, and nothing that names the machine. */
export interface MachineFacts {
  readonly cores: number;
  readonly node: string;
  readonly platform: string;
  readonly date: string;
  /** Whether server and load generator had a core each. */
  readonly pinned: boolean;
}

/** Everything a run measured. A section that was left out is absent. */
export interface BenchResults {
  readonly machine: MachineFacts;
  readonly settings: BenchSettings;
  readonly comparisons: Partial<Record<ComparisonName, readonly Row[]>>;
  coldStarts?: readonly ColdStart[];
  health?: readonly HealthUnderLoad[];
  soak?: readonly Soak[];
}

/** The rows of a variant's measurements at a number of connections; undefined when it was not measured. */
export function findRow(
  results: BenchResults,
  comparison: ComparisonName,
  variant: string,
  connections: number,
): Row | undefined {
  return results.comparisons[comparison]?.find(
    (row) => row.variant === variant && row.connections === connections && row.samples.length > 0,
  );
}
