import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const BATCHING = fileURLToPath(new URL("../batching.ts", import.meta.url));
const ROUND = /^\s*(\d+)\s+(\d+)\s+(\d+) a second/gm;

/** Rates of the dense ONNX model, one of each a round. */
export interface Batched {
  /** `session.run` of one row in a loop. */
  readonly direct: readonly number[];
  /** Ours in a worker, with batching and without. */
  readonly batched: readonly number[];
  readonly unbatched: readonly number[];
}

/** Runs `bench/batching.ts served`: 784-512-10, V2 binary, 32 connections, the whole server on one core. */
export async function measureBatched(): Promise<Batched> {
  const { stdout } = await promisify(execFile)(process.execPath, [BATCHING, "served"]);
  const rounds = [...stdout.matchAll(ROUND)].map(([, ...rates]) => rates.map(Number));
  if (rounds.length === 0) throw new Error(`bench/batching.ts said no rates:\n${stdout}`);
  const column = (index: number) => rounds.map((round) => round[index] ?? NaN);
  return { direct: column(0), batched: column(1), unbatched: column(2) };
}
