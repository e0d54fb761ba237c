import { compareAnswers } from "../../contract/answers/compare-answers.ts";
import type { ModelSignature } from "./proof-report.ts";

/**
 * Where two answers differ in their values, be they of V1 or V2; undefined when they agree. Of what is not a value only
 * the outputs' names count, where both have them.
 * @param expected an answer's body, or a list: V1's predictions
 * @param signature by whose datatypes numbers that may be rounded are told from integers
 */
export function answerDiff(
  expected: unknown,
  actual: unknown,
  { outputs }: Pick<ModelSignature, "outputs">,
): string | undefined {
  const datatypes = new Map(outputs.map(({ name, datatype }) => [name, datatype]));
  return compareAnswers(expected, actual, { ignoresShape: true, datatypes }).differences[0]?.text;
}
