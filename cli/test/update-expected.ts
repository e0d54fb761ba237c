import { writeFile } from "node:fs/promises";
import { type CompareOptions, compareAnswers } from "../../contract/answers/compare-answers.ts";
import { writePlain } from "../../protocol/json/plain.ts";
import { JsonWriter, type WriterRules } from "../../protocol/json/writer.ts";
import type { Example } from "../examples/read-examples.ts";
import { layOutJson } from "../predict/lay-out-json.ts";
import type { TestAnswer } from "./ask.ts";
import type { ExpectedState } from "./results.ts";

/** What has become of an expected answer. */
export interface Update {
  readonly state: ExpectedState;
  /** What is different now, in a few words. */
  readonly change: string | undefined;
}

const WIDTH = 100;
const RULES: WriterRules = { nonFinite: "null", code: "KTS_BAD_PREDICTION", base64: true };

/**
 * Writes what a model has answered over the example's own protocol as the answer that is expected; a file that agrees
 * within the tolerance stays as it is.
 * @throws Error when the file cannot be written
 */
export async function updateExpected(
  example: Example,
  answer: TestAnswer,
  options: CompareOptions,
): Promise<Update> {
  const { expected, expectedPath, protocol } = example;
  const state = expected === undefined ? "none" : "given";
  const text = expectedText(answer, protocol);
  if (text === undefined) return { state, change: "not written: the answer is no JSON" };
  const comparison = expected === undefined ? undefined : compareAnswers(expected, answer.body, options);
  if (comparison?.count === 0) return { state: "unchanged", change: undefined };
  await writeFile(expectedPath, `${layOutJson(text, WIDTH)}\n`);
  if (comparison === undefined) return { state: "added", change: "written" };
  const [first] = comparison.differences;
  const more = comparison.count > 1 ? `, and ${comparison.count - 1} more` : "";
  const change =
    first === undefined
      ? "written"
      : `${first.output}${first.index} was ${first.expected}, is ${first.got}${more}`;
  return { state: "updated", change };
}

/** An answer without what differs from one request to the next, such as its id. Numbers stay as they were written. */
function expectedText({ body, json }: TestAnswer, protocol: "v1" | "v2"): string | undefined {
  if (json === undefined || protocol === "v1") return json;
  const { outputs } = body as { outputs?: readonly Readonly<Record<string, unknown>>[] };
  if (!Array.isArray(outputs)) return json;
  const writer = new JsonWriter(RULES);
  for (const [index, { name, datatype, shape, data }] of outputs.entries()) {
    writer.text(index === 0 ? '{"outputs":[' : ",");
    const head = JSON.stringify({ name, datatype, shape });
    writer.text(`${head.slice(0, -1)},"data":`);
    writePlain(writer, data, RULES, "data");
    writer.text("}");
  }
  writer.text(outputs.length === 0 ? '{"outputs":[]}' : "]}");
  const { head, tail } = writer.finish();
  return Buffer.concat([Buffer.from(head), ...tail]).toString();
}
