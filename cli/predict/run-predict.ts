import { InferenceClient } from "../../client/index.ts";
import { KtsError, isKtsError } from "../../contract/errors.ts";
import type { PredictOptions } from "../commands/predict.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { withAdvice } from "./advice.ts";
import { readHeaders } from "./headers.ts";
import { readRequestBody } from "./request-body.ts";
import { showAnswer } from "./show-answer.ts";

/**
 * Sends one request and shows its answer.
 * @throws KtsError KTS_USAGE when it is not said what to send to whom; KTS_INVALID_INPUT when that is no request; and
 * what InferenceClient throws
 */
export async function runPredict(options: PredictOptions, terminal: Terminal): Promise<number> {
  const { input, protocol: wanted, explain, output } = options;
  if (input === undefined) {
    throw new KtsError("KTS_USAGE", "predict needs --input", {
      hint: "Give a file of JSON, or - for stdin.",
    });
  }
  const { protocol, text } = await readRequestBody(input, wanted);
  if (explain && protocol === "v2") {
    throw new KtsError("KTS_USAGE", "--explain needs a V1 body: V2 has no explanations", {
      hint: 'Send {"instances": [...]}.',
    });
  }
  using client = openClient(options);
  try {
    const model = encodeURIComponent(options.model ?? (await onlyModel(client)));
    const path =
      protocol === "v1"
        ? `/v1/models/${model}:${explain ? "explain" : "predict"}`
        : `/v2/models/${model}/infer`;
    showAnswer(await client.send(path, text), output, terminal);
    return 0;
  } catch (error) {
    throw withAdvice(error);
  }
}

/** @throws KtsError KTS_USAGE when the URL or a header cannot be used */
function openClient({ url, header, hostHeader, timeoutMs }: PredictOptions): InferenceClient {
  const headers = { ...readHeaders(header), ...(hostHeader !== undefined && { host: hostHeader }) };
  try {
    return new InferenceClient(url, { headers, timeoutMs });
  } catch (error) {
    if (!isKtsError(error)) throw error;
    const problem = error.message.replace(/^baseUrl: /, "");
    throw new KtsError("KTS_USAGE", `--url: ${problem}`, {
      cause: error,
      hint: "Such as http://localhost:8080.",
    });
  }
}

async function onlyModel(client: InferenceClient): Promise<string> {
  const models = await client.models();
  const [only] = models;
  if (only === undefined) {
    throw new KtsError("KTS_MODEL_NOT_FOUND", `the server at ${client.baseUrl} has no model`, {
      hint: "Load one, or name another server with --url.",
    });
  }
  if (models.length === 1) return only;
  throw new KtsError(
    "KTS_USAGE",
    `the server at ${client.baseUrl} has several models: ${models.join(", ")}`,
    {
      hint: "Name one with --model.",
    },
  );
}
