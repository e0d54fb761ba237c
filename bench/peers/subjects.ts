import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { MODEL_NAME } from "../load/http-post.ts";
import { modelFolder } from "../load/fixture-requests.ts";
import { Child } from "../servers/child.ts";
import { freePort } from "../servers/free-port.ts";
import { serve } from "../servers/kinds.ts";
import { isReady } from "../servers/launch.ts";
import type { Core } from "../servers/pinning.ts";
import { peerProgram, pythonFile } from "./install.ts";

const LONGEST_START_MS = 60_000;
const RETRY_MS = 1;

/** What a server does with a request; the same for all of them. */
export type Work = "echo" | "first-ten" | "iris";

/** Who is measured. */
export type SubjectName =
  "ours, inline" | "ours, worker" | "kserve" | "mlserver" | "fastapi" | "grpc-js" | "node:http";

/** A server that answers. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Milliseconds from spawn to the first 200 of `/v2/health/ready`. */
  readonly startMs: number;
}

interface Command {
  readonly program?: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

interface Ports {
  readonly http: number;
  readonly grpc: number;
}

/** Starts a subject on a core and waits until it is ready. @throws Error when it ends first, or takes a minute */
export async function startSubject(name: SubjectName, work: Work, core: Core | undefined): Promise<Running> {
  const ports = { http: await freePort(), grpc: await freePort() };
  const { args, folder, ...options } = await commandOf(name, work, ports);
  const startedAt = performance.now();
  const child = new Child(args, { core, ...options });
  const end = async () => {
    await child[Symbol.asyncDispose]();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  };
  try {
    while (!(await isReady(ports.http))) {
      if (child.ended !== undefined) throw new Error(`${name} ${child.ended}`);
      if (performance.now() - startedAt > LONGEST_START_MS) throw new Error(`${name} does not get ready`);
      await sleep(RETRY_MS);
    }
  } catch (error) {
    await end();
    throw error;
  }
  const startMs = performance.now() - startedAt;
  return { pid: child.pid, httpPort: ports.http, grpcPort: ports.grpc, startMs, [Symbol.asyncDispose]: end };
}

async function commandOf(name: SubjectName, work: Work, ports: Ports): Promise<Command> {
  const what = work === "iris" ? join(modelFolder("iris-onnx"), "model", "model.onnx") : work;
  switch (name) {
    case "ours, inline":
    case "ours, worker":
      return ours(name === "ours, inline" ? "inline" : "worker", work, ports);
    case "kserve": {
      const args = [pythonFile("kserve_server.py"), String(ports.http), String(ports.grpc), what];
      return { program: peerProgram("kserve", "python"), args };
    }
    case "fastapi":
      return {
        program: peerProgram("fastapi", "python"),
        args: [pythonFile("fastapi_server.py"), String(ports.http), what],
      };
    case "mlserver":
      return mlserver(what, ports);
    case "grpc-js":
      return { args: [local("./grpc-js-echo.ts"), String(ports.http), String(ports.grpc)] };
    case "node:http":
      return { args: [local("../servers/bare.ts"), String(ports.http)] };
  }
}

function ours(execution: string, work: Work, ports: Ports): Command {
  const folder = work === "iris" ? modelFolder("iris-onnx") : local(`../predictors/${work}-${execution}`);
  return { args: serve(folder, ports.http, "dist", { "--grpc_port": ports.grpc }) };
}

/** MLServer reads its settings from a folder. Without workers it is up to three times as fast as by default. */
async function mlserver(uri: string, { http, grpc }: Ports): Promise<Command> {
  const folder = mkdtempSync(join(tmpdir(), "bench-mlserver-"));
  const settings = {
    debug: false,
    parallel_workers: 0,
    host: "127.0.0.1",
    http_port: http,
    grpc_port: grpc,
    metrics_port: await freePort(),
  };
  const model = { name: MODEL_NAME, implementation: "mlserver_runtime.Bench", parameters: { uri } };
  writeFileSync(join(folder, "settings.json"), JSON.stringify(settings));
  writeFileSync(join(folder, "model-settings.json"), JSON.stringify(model));
  return {
    program: peerProgram("mlserver", "mlserver"),
    args: ["start", folder],
    env: { PYTHONPATH: pythonFile("") },
    folder,
  };
}

function local(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
