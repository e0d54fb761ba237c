import type { BenchReport } from "./bench-report.ts";

export function reportHtml(report: BenchReport): string {
  return `<pre>${JSON.stringify(report)}</pre>`;
}
