import type { Verb } from "../../contract/inference.ts";

/** What an inference path names. */
export interface InferenceRoute {
  readonly protocol: "v1" | "v2";
  readonly verb: Verb;
  readonly model: string;
  /** The text after `/versions/`, if the path has it. */
  readonly version: string | undefined;
  /** What is asked beside plain inference: another form of the body, or of the answer. */
  readonly action: RouteAction | undefined;
}

/** The end of a V2 path that streams, or generates text, or both. */
export type RouteAction = "infer_stream" | "generate" | "generate_stream";

const V1_PREFIX = "/v1/models/";
const V2_PREFIX = "/v2/models/";
const PREFIX_LENGTH = V1_PREFIX.length;
const PREDICT = ":predict";
const EXPLAIN = ":explain";
const INFER = "/infer";
const ACTIONS: readonly RouteAction[] = ["infer_stream", "generate", "generate_stream"];
const VERSIONS = "versions/";

/**
 * The inference route a request target names; undefined when it is none of them. Query strings are ignored.
 * Runs once a request ahead of everything else, hence no regular expression.
 *
 * - `/v1/models/{M}:predict` and `:explain`, the colon also as `%3A`
 * - `/v2/models/{M}/infer` and `/v2/models/{M}/versions/{V}/infer`
 * - the same with `infer_stream`, `generate` or `generate_stream` in place of `infer`
 */
export function matchInference(url: string): InferenceRoute | undefined {
  const isV1 = url.startsWith(V1_PREFIX);
  if (!isV1 && !url.startsWith(V2_PREFIX)) return undefined;
  const query = url.indexOf("?", PREFIX_LENGTH);
  const rest = url.slice(PREFIX_LENGTH, query === -1 ? url.length : query);
  return isV1 ? matchV1(rest) : matchV2(rest);
}

function matchV1(rest: string): InferenceRoute | undefined {
  if (rest.includes("/")) return undefined;
  const segment = decodeSegment(rest);
  if (segment === undefined) return undefined;
  const verb = segment.endsWith(PREDICT) ? "predict" : segment.endsWith(EXPLAIN) ? "explain" : undefined;
  if (verb === undefined || segment.length === PREDICT.length) return undefined;
  return {
    protocol: "v1",
    verb,
    model: segment.slice(0, -PREDICT.length),
    version: undefined,
    action: undefined,
  };
}

function matchV2(rest: string): InferenceRoute | undefined {
  if (rest.endsWith(INFER)) return matchNamed(rest.slice(0, -INFER.length), undefined);
  for (const action of ACTIONS) {
    if (rest.endsWith(`/${action}`)) return matchNamed(rest.slice(0, -action.length - 1), action);
  }
  return undefined;
}

/** The model, and perhaps the version, in front of a V2 path's last segment. */
function matchNamed(named: string, action: RouteAction | undefined): InferenceRoute | undefined {
  const slash = named.indexOf("/");
  const model = decodeSegment(slash === -1 ? named : named.slice(0, slash));
  if (model === undefined || model === "") return undefined;
  if (slash === -1) return { protocol: "v2", verb: "predict", model, version: undefined, action };
  if (!named.startsWith(VERSIONS, slash + 1)) return undefined;
  const version = decodeSegment(named.slice(slash + 1 + VERSIONS.length));
  if (version === undefined || version === "" || version.includes("/")) return undefined;
  return { protocol: "v2", verb: "predict", model, version, action };
}

/** A path segment without its percent escapes; undefined when they are malformed. */
function decodeSegment(segment: string): string | undefined {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
