import type { Payload } from "../../contract/inference.ts";

/** Instances of a request: the first dimension of its first tensor, where it came as tensors. */
export function rowsOf(payload: Payload): number {
  if (payload.kind === "instances") return payload.instances.length;
  for (const name in payload.tensors) return payload.tensors[name]?.shape[0] ?? 1;
  return 0;
}
