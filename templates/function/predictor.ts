/** Says how risky a loan is: plain TypeScript behind a KServe endpoint, without a model file. */
import { definePredictor, InvalidInput } from "kserve-ts";
import { riskOf } from "./risk.ts";

/** Above it a loan is refused. */
const MOST_RISK = 0.5;

export default definePredictor({
  inputs: [
    { name: "income", datatype: "FP64", shape: [-1] },
    { name: "debt", datatype: "FP64", shape: [-1] },
    { name: "late_payments", datatype: "INT32", shape: [-1] },
  ],
  outputs: [
    { name: "risk", datatype: "FP64", shape: [-1] },
    { name: "approved", datatype: "BOOL", shape: [-1] },
  ],

  /** A request has any number of loans, and each input one value a loan. */
  predict(_model, { income, debt, late_payments: latePayments }) {
    const risk = income.data.map((value, row) => {
      if (value < 0) throw new InvalidInput(`expected an amount, got ${value}`, { path: `income[${row}]` });
      return riskOf({ income: value, debt: debt.data[row] ?? 0, latePayments: latePayments.data[row] ?? 0 });
    });
    return { risk, approved: Array.from(risk, (value) => value <= MOST_RISK) };
  },
});
