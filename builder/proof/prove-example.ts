import { type ExpectedFailure, expectedFailure } from "../../contract/answers/expected-failure.ts";
import { KtsError } from "../../contract/errors.ts";
import { answerDiff } from "./compare-answers.ts";
import type { Inside, InsideAnswer } from "./inside.ts";
import { asV1, asV2 } from "./other-protocol.ts";
import type { ExampleProof, ModelSignature, ProofExample } from "./proof-report.ts";

/** Longer answers tell nothing more. */
const MOST_ANSWER_CHARS = 500;

/**
 * Asks for an example over its own protocol, and over the other where its values can be said in it; compares both with
 * each other and with the expected answer.
 * @throws KtsError KTS_PROOF_FAILED that names the example and the place
 */
export async function proveExample(
  inside: Inside,
  modelName: string,
  signature: ModelSignature,
  example: ProofExample,
): Promise<ExampleProof> {
  const { name, protocol, text, expected } = example;
  const request: unknown = JSON.parse(text);
  // A list alone is taken for V1's instances, as `kserve-ts predict` takes it.
  const body = Array.isArray(request) ? `{"instances":${text}}` : text;
  const own = await post(inside, modelName, protocol, body);
  const failure = expectedFailure(expected);
  if (failure !== undefined) {
    checkFailure(name, failure, own);
    const note = "it is refused, as expected";
    return { name, protocols: [protocol], note, isExpected: true, ms: own.ms };
  }
  if (own.status !== 200) throw failed(name, `over ${protocol}: ${said(own)}`);
  const answer: unknown = JSON.parse(own.text);
  if (expected !== undefined) {
    const diff = answerDiff(expected, answer, signature);
    if (diff !== undefined) throw failed(name, diff);
  }
  const proof = { name, isExpected: expected !== undefined, ms: own.ms };
  const other = protocol === "v1" ? "v2" : "v1";
  const converted = protocol === "v1" ? asV2(request, signature) : asV1(request);
  if ("reason" in converted) {
    return { ...proof, protocols: [protocol], note: `not asked over ${other}: ${converted.reason}` };
  }
  const second = await post(inside, modelName, other, converted.body);
  // A predictor may take what it is written for alone, and says so.
  if (second.status === 400 || second.status === 501) {
    return { ...proof, protocols: [protocol], note: `refused over ${other}: ${said(second)}` };
  }
  if (second.status !== 200) throw failed(name, `over ${other}: ${said(second)}`);
  const diff = answerDiff(answer, JSON.parse(second.text), signature);
  if (diff !== undefined) throw failed(name, `${other} answers other than ${protocol}: ${diff}`);
  return { ...proof, protocols: ["v1", "v2"], note: undefined };
}

function checkFailure(name: string, { status, error }: ExpectedFailure, answer: InsideAnswer): void {
  if (answer.status === status && answer.text.includes(jsonPart(error ?? ""))) return;
  const wanted = error === undefined ? `${status}` : `${status} with ${JSON.stringify(error)}`;
  throw failed(name, `expected ${wanted}, got ${said(answer)}`);
}

/** A text as it stands within a text of JSON. */
function jsonPart(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function post(inside: Inside, modelName: string, protocol: "v1" | "v2", body: string): Promise<InsideAnswer> {
  const name = encodeURIComponent(modelName);
  return inside.ask(
    "POST",
    protocol === "v1" ? `/v1/models/${name}:predict` : `/v2/models/${name}/infer`,
    body,
  );
}

function said({ status, text }: InsideAnswer): string {
  return `${status} ${text.length > MOST_ANSWER_CHARS ? `${text.slice(0, MOST_ANSWER_CHARS)}...` : text}`;
}

function failed(name: string, reason: string): KtsError {
  return new KtsError("KTS_PROOF_FAILED", `${name}: ${reason}`, {
    hint: "Nothing was pushed. Correct the predictor, the example or its expected answer, and build again.",
  });
}
