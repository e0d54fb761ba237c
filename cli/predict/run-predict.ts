import { KtsError } from "../../contract/errors.ts";
import type { PredictCall } from "../commands/predict.ts";
import { withAdvice } from "./advice.ts";
import { askRest } from "./ask-rest.ts";
import type { Asking } from "./asking.ts";
import { readHeaders } from "./headers.ts";
import { openPlace } from "./place.ts";
import { readRequestBody } from "./request-body.ts";
import { showAnswer } from "./show-answer.ts";

/**
 * Sends one request and shows its answer.
 * @throws KtsError KTS_USAGE when it is not said what to send to whom; KTS_INVALID_INPUT when that is no request; what
 * the clients throw; and, where a cluster is meant, what reaching its service throws
 */
export async function runPredict(call: PredictCall): Promise<number> {
  const { input, protocol: wanted, explain, output, header, timeoutMs, model } = call.options;
  if (input === undefined) {
    throw new KtsError("KTS_USAGE", "predict needs --input", {
      hint: "Give a file of JSON, or - for stdin.",
    });
  }
  const sendsBytes = wanted === "v2-binary" || wanted === "grpc";
  const body = await readRequestBody(input, sendsBytes ? "v2" : wanted);
  if (explain && body.protocol === "v2") {
    throw new KtsError("KTS_USAGE", "--explain needs a V1 body: V2 has no explanations", {
      hint: 'Send {"instances": [...]}.',
    });
  }
  const ownHeaders = readHeaders(header);
  await using place = await openPlace(call, ownHeaders);
  const headers = {
    ...ownHeaders,
    ...(place.hostHeader !== undefined && { host: place.hostHeader }),
  };
  const asking: Asking = { place, headers, timeoutMs, model, explain };
  try {
    // HTTP/2 and its messages are loaded where they are wanted.
    const answer =
      wanted === "grpc"
        ? await (await import("./ask-grpc.ts")).askGrpc(asking, body)
        : await askRest(asking, body, wanted === "v2-binary");
    showAnswer(answer, output, call.terminal);
    return 0;
  } catch (error) {
    throw withAdvice(error);
  }
}
