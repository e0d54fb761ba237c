/** How a server is set up, of what a sweep changes. */
export interface BenchSettings {
  /** Worker threads. Undefined: as the project says. */
  readonly workers?: number;
  /** Whether requests share runs, and how. Undefined: as the project says. */
  readonly batching?: false | { readonly maxBatchSize: number; readonly maxDelayMs: number };
}

/** What a server says of how it runs its model. */
export interface ServerFacts {
  readonly model: string;
  readonly url: string;
  /** Undefined where gRPC is not served. */
  readonly grpcAddress: string | undefined;
  readonly workers: number;
  readonly execution: "worker" | "inline";
  /** Undefined where requests do not share runs. */
  readonly batching: { readonly maxBatchSize: number; readonly maxDelayMs: number } | undefined;
}

/** In a few words: `2 workers, batches up to 32`. */
export function settingsText({
  workers,
  batching,
  execution,
}: Omit<ServerFacts, "model" | "url" | "grpcAddress">): string {
  const threads = execution === "inline" ? "inline" : `${workers} ${workers === 1 ? "worker" : "workers"}`;
  if (batching === undefined) return `${threads}, no batches`;
  const delay = batching.maxDelayMs > 0 ? ` within ${batching.maxDelayMs} ms` : "";
  return `${threads}, batches up to ${batching.maxBatchSize}${delay}`;
}
