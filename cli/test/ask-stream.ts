import { parseExact } from "../../protocol/json/exact.ts";
import type { ReachedServer } from "../reach/reached-server.ts";
import type { TestAnswer } from "./ask.ts";

/**
 * Asks for a stream of events, and puts its answers together as the server does for a plain request: outputs and
 * predictions one behind the other, anything else as a list with one value an answer.
 * @throws KtsError what InferenceClient throws, a failure behind answers too
 */
export async function askForStream(
  { rest }: ReachedServer,
  model: string,
  protocol: "v1" | "v2",
  text: string,
): Promise<TestAnswer> {
  const name = encodeURIComponent(model);
  const path = protocol === "v1" ? `/v1/models/${name}:predict` : `/v2/models/${name}/infer_stream`;
  const bodies: unknown[] = [];
  for await (const data of rest.sendStream(path, text)) bodies.push(valueOf(data));
  return { body: joined(bodies), json: undefined };
}

/** An answer that is a text is not quoted. */
function valueOf(data: string): unknown {
  try {
    return parseExact(data);
  } catch {
    return data;
  }
}

function joined(bodies: readonly unknown[]): unknown {
  const [only] = bodies;
  if (bodies.length === 1) return only;
  const outputs = bodies.map((body) => (body as { outputs?: unknown } | null)?.outputs);
  if (bodies.length > 0 && outputs.every((list) => Array.isArray(list))) {
    return { outputs: joinedOutputs(outputs.flat() as readonly Output[]) };
  }
  const predictions = bodies.map((body) => (body as { predictions?: unknown } | null)?.predictions);
  const hasAll = predictions.every((list) => Array.isArray(list));
  return { predictions: hasAll ? predictions.flat() : bodies };
}

interface Output {
  readonly name: string;
  readonly datatype: string;
  readonly data?: unknown;
}

/** The elements of each output, of all answers. Their shape is not told: it depends on how they are joined. */
function joinedOutputs(outputs: readonly Output[]): readonly Output[] {
  const byName = Map.groupBy(outputs, ({ name }) => name);
  return [...byName].map(([name, parts]) => ({
    name,
    datatype: parts[0]?.datatype ?? "",
    data: parts.map(({ data }) => data).flat(Infinity),
  }));
}
