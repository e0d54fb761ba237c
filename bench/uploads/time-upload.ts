import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { StoreServer } from "../../test/integration/storage/servers.ts";
import type { Command } from "./uploaders.ts";

const LOOK_EVERY_MS = 10;
/** What the server reads besides a file: less than this is the talk before it. */
const TALK_BYTES = 256 * 1024;

/** How long an upload took. */
export interface TimedUpload {
  /** From the start of the process to its end. */
  readonly processMs: number;
  /** From the first of the file's bytes that the server read to the last it did; NaN where /proc does not tell. */
  readonly transferMs: number;
  readonly stdout: string;
}

/**
 * Runs a program that uploads.
 * @throws Error when it fails
 */
export async function timeUpload(command: Command, server: StoreServer): Promise<TimedUpload> {
  const before = bytesRead(server.pid);
  let last = before;
  let firstMs = NaN;
  let lastMs = NaN;
  const look = (): void => {
    const now = bytesRead(server.pid);
    if (now > last && now - before > TALK_BYTES) {
      if (Number.isNaN(firstMs)) firstMs = performance.now();
      lastMs = performance.now();
    }
    last = now;
  };
  const looking = setInterval(look, LOOK_EVERY_MS);
  const started = performance.now();
  try {
    const stdout = await output(command);
    const processMs = performance.now() - started;
    look();
    return { processMs, transferMs: lastMs - firstMs, stdout };
  } finally {
    clearInterval(looking);
  }
}

/** All that a process has read, from connections and files; NaN without Linux's /proc. */
function bytesRead(pid: number): number {
  try {
    return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
  } catch {
    return NaN;
  }
}

async function output({ program, args, env }: Command): Promise<string> {
  const child = spawn(program, args, {
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr}`);
  return stdout;
}
