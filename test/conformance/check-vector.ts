import { type Answer, exchange } from "./exchange.ts";
import { mismatch } from "./match.ts";
import type { Vector, VectorResponse } from "./vector.ts";

/** Sends a vector's request and compares the answer; what differs, or undefined. */
export async function checkVector(baseUrl: string, vector: Vector): Promise<string | undefined> {
  let answer: Answer;
  try {
    answer = await exchange(baseUrl, vector.request);
  } catch (error) {
    return `no answer: ${(error as Error).message}`;
  }
  const problem = compareAnswer(answer, vector.response);
  if (problem === undefined) return undefined;
  return `${problem}\n  the answer was ${answer.status} ${answer.body.toString("latin1", 0, 500)}`;
}

function compareAnswer(answer: Answer, expected: VectorResponse): string | undefined {
  const statuses = [expected.status].flat();
  if (!statuses.includes(answer.status)) {
    return `status: expected ${statuses.join(" or ")}, got ${answer.status}`;
  }
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    const problem = mismatch(answer.headers[name.toLowerCase()] ?? null, value, `header ${name}`);
    if (problem !== undefined) return problem;
  }
  if (expected.text !== undefined) {
    const problem = mismatch(answer.body.toString(), expected.text, "body");
    if (problem !== undefined) return problem;
  }
  if (expected.events !== undefined) {
    const problem = mismatch(eventsOf(answer.body.toString()), expected.events, "events");
    if (problem !== undefined) return problem;
  }
  if (expected.binary !== undefined) return compareBinary(answer, expected.binary);
  return expected.body === undefined ? undefined : compareJson(answer.body, expected.body);
}

function compareJson(body: Buffer, expected: unknown): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString());
  } catch (error) {
    return `the body is no JSON: ${(error as Error).message}`;
  }
  return mismatch(parsed, expected);
}

/** The events of an answer, each of which has to end. */
function eventsOf(text: string): unknown {
  const blocks = text.split(/\r\n\r\n|\n\n|\r\r/);
  if (blocks.pop() !== "") return `events, the last of which does not end: ${text}`;
  return blocks.map((block) => {
    const lines = block.split(/\r\n|\n|\r/);
    const valuesOf = (field: string) =>
      lines
        .filter((line) => line.startsWith(`${field}:`))
        .map((line) => line.slice(field.length + 1).trimStart());
    return { event: valuesOf("event")[0] ?? "message", data: asJson(valuesOf("data").join("\n")) };
  });
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

interface BinaryAnswer {
  readonly outputs?: readonly { readonly parameters?: { readonly binary_data_size?: number } | null }[];
}

function compareBinary(answer: Answer, expected: NonNullable<VectorResponse["binary"]>): string | undefined {
  const length = Number(answer.headers["inference-header-content-length"]);
  if (!Number.isInteger(length)) return "the answer has no Inference-Header-Content-Length";
  const head = answer.body.subarray(0, length);
  const problem = compareJson(head, expected.json);
  if (problem !== undefined) return problem;
  const { outputs = [] } = JSON.parse(head.toString()) as BinaryAnswer;
  let at = length;
  const tensors: string[] = [];
  for (const { parameters } of outputs) {
    const size = parameters?.binary_data_size;
    if (size === undefined) continue;
    tensors.push(answer.body.toString("base64", at, (at += size)));
  }
  if (at !== answer.body.length) return `the body has ${answer.body.length - at} bytes beyond its tensors`;
  return mismatch(tensors, expected.tensors, "tensors");
}
