/**
 * The protocol that a request's JSON is written in: V1 has a list of `instances`, V2 a list of `inputs` with their
 * datatypes. A list alone is taken for V1's instances. Undefined when it is neither.
 */
export function protocolOfBody(body: unknown): "v1" | "v2" | undefined {
  if (Array.isArray(body)) return "v1";
  if (typeof body !== "object" || body === null) return undefined;
  const { inputs, instances } = body as { inputs?: unknown; instances?: unknown };
  if (Array.isArray(inputs) && inputs.some(hasDatatype)) return "v2";
  return Array.isArray(instances) ? "v1" : undefined;
}

/** The path at which a request of a protocol is answered. */
export function inferencePath(protocol: "v1" | "v2", model: string): string {
  const name = encodeURIComponent(model);
  return protocol === "v1" ? `/v1/models/${name}:predict` : `/v2/models/${name}/infer`;
}

function hasDatatype(input: unknown): boolean {
  return typeof input === "object" && input !== null && "datatype" in input;
}
