import type { NamedTensors } from "../contract/tensor.ts";
import { decodeText } from "../protocol/json/parse.ts";
import { modelPath, pathSegment } from "./address.ts";
import { type AnswerReader, streamAnswers } from "./events/stream-answers.ts";
import { generateBody, readGenerated } from "./generate.ts";
import { type InferResult, inferBody, readInferEvent, readInferResult } from "./infer.ts";
import type { CallOptions, GenerateOptions, InferOptions, PredictOptions } from "./options.ts";
import { predictBody, readPrediction, readPredictionEvent } from "./predict.ts";
import type { RestCalls } from "./rest-calls.ts";
import { timeLeft } from "./retry.ts";
import { checkPath, givenBody } from "./sent-body.ts";
import { isNotFound } from "./server-error.ts";
import type { StreamedAnswer } from "./transport.ts";
import { readAs } from "./unreadable.ts";

/*
 * The streams of a client over REST. As generators they do nothing, and throw nothing, before they are asked for their
 * first answer.
 */

type Answers<T> = AsyncGenerator<T, void, undefined>;

/** The answers of V1's `:predict`. */
export async function* predictAnswers(
  calls: RestCalls,
  name: string,
  instances: readonly unknown[],
  options: PredictOptions,
): Answers<unknown> {
  const path = `/v1/models/${pathSegment(name, "name")}:predict`;
  const body = predictBody(instances, options.parameters);
  yield* reading(calls, () => calls.stream(path, body, options), options, {
    event: (data) => readPredictionEvent(data, "predictions"),
    whole: (answer) => readPrediction(answer, "predictions"),
  });
}

/** The answers of V2's `infer_stream`, or of its `infer` where there is no such route. */
export async function* inferAnswers(
  calls: RestCalls,
  name: string,
  inputs: NamedTensors,
  options: InferOptions,
): Answers<InferResult> {
  const { binary, maxAnswerBytes } = calls.options;
  const path = `${modelPath(name, options.version)}/infer`;
  const body = inferBody(inputs, options.binary ?? binary, false, options);
  const left = timeLeft(options, calls.options);
  const open = async (): Promise<StreamedAnswer> => {
    try {
      return await calls.stream(`${path}_stream`, body, options);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return calls.stream(path, body, { ...options, timeoutMs: left() });
    }
  };
  yield* reading(calls, open, options, {
    event: (data) => readInferEvent(data, maxAnswerBytes),
    whole: (answer) => readInferResult(answer, maxAnswerBytes),
  });
}

/** The pieces of V2's `generate_stream`. */
export async function* generatedPieces(
  calls: RestCalls,
  name: string,
  textInput: string,
  options: GenerateOptions,
): Answers<string> {
  const path = `${modelPath(name, options.version)}/generate_stream`;
  const body = generateBody(textInput, options);
  yield* reading(calls, () => calls.stream(path, body, options), options, {
    event(data) {
      const { text, done } = readGenerated(new TextEncoder().encode(data));
      return done && text === "" ? undefined : text;
    },
    whole: ({ bytes }) => readGenerated(bytes).text,
  });
}

/** The data of the events of any path. */
export async function* eventTexts(
  calls: RestCalls,
  path: string,
  given: string | Uint8Array,
  options: CallOptions,
): Answers<string> {
  const target = checkPath(path);
  yield* reading(calls, () => calls.stream(target, givenBody(given), options), options, {
    event: (data) => data,
    whole: ({ bytes }) => readAs("text", () => decodeText(bytes)),
  });
}

function reading<T>(
  calls: RestCalls,
  open: () => Promise<StreamedAnswer>,
  { signal }: CallOptions,
  reader: AnswerReader<T>,
): Answers<T> {
  return streamAnswers(open, reader, { signal, maxAnswerBytes: calls.options.maxAnswerBytes });
}
