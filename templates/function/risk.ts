/** A loan that somebody asks for. Amounts are of a year, in any currency. */
export interface Loan {
  readonly income: number;
  readonly debt: number;
  /** Payments that came late in the last two years. */
  readonly latePayments: number;
}

/** How likely a loan is not paid back, from 0 to 1. */
export function riskOf({ income, debt, latePayments }: Loan): number {
  const score = -3 + 2.5 * (debt / Math.max(1, income)) + 0.7 * latePayments;
  return 1 / (1 + Math.exp(-score));
}
