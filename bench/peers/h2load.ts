import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { type Core, pinned } from "../servers/pinning.ts";

const run = promisify(execFile);

/** A window of calls by gRPC. */
export interface GrpcWindow {
  readonly port: number;
  /** A message with its prefix. */
  readonly file: string;
  /** Calls at a time, over as many as four connections. */
  readonly streams: number;
  readonly seconds: number;
  /** Bytes of a right answer, with its prefix. */
  readonly answerBytes: number;
  readonly core: Core | undefined;
}

/** What h2load measured. */
export interface GrpcLoad {
  readonly perSecond: number;
  readonly answers: number;
  readonly meanMs: number;
}

const CONNECTIONS = 4;
const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };

/** Whether h2load (Debian: nghttp2-client) is there. */
export function hasH2load(): boolean {
  try {
    execFileSync("h2load", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * Calls ModelInfer without a pause. The load is h2load: written in C, it is ahead of any server here. It knows no
 * grpc-status, so answers that are not as long as the right one are taken for wrong.
 * @throws Error when a request failed, or answers have another length
 */
export async function grpcLoad(window: GrpcWindow): Promise<GrpcLoad> {
  const { port, file, streams, seconds, answerBytes, core } = window;
  const connections = Math.min(CONNECTIONS, streams);
  const command = pinned(
    [
      ...["h2load", "-c", String(connections), "-m", String(streams / connections)],
      ...["-D", String(seconds), "-d", file, "-w", "30", "-W", "30"],
      ...["-H", "content-type: application/grpc", "-H", "te: trailers"],
      `http://127.0.0.1:${port}/inference.GRPCInferenceService/ModelInfer`,
    ],
    core,
  );
  const { stdout } = await run(command[0] as string, command.slice(1));
  const perSecond = Number(/, ([\d.]+) req\/s/.exec(stdout)?.[1]);
  const answers = Number(/(\d+) done/.exec(stdout)?.[1]);
  const failed = /(\d+) failed/.exec(stdout)?.[1];
  const dataBytes = Number(/\((\d+)\) data/.exec(stdout)?.[1]);
  const [, mean, unit] = /time for request:\s+\S+\s+\S+\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? [];
  const bytesEach = dataBytes / answers;
  if (!(answers > 0) || failed !== "0" || Math.abs(bytesEach - answerBytes) > 0.05 * answerBytes + 1)
    throw new Error(
      `${answers} answers of ${bytesEach} bytes, ${failed} failed, expected ${answerBytes} bytes`,
    );
  return { perSecond, answers, meanMs: Number(mean) * (UNIT_MS[unit ?? ""] ?? NaN) };
}
