import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { Socket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { goTool, npmTool } from "./tools.ts";

/** A store's server on this machine. */
export interface StoreServer extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:7070`. */
  readonly url: string;
  /** Of its process. */
  readonly pid: number;
  /** What it stores, where it does so in files. */
  readonly folder: string;
}

export const S3_KEYS = { id: "test-access-id", key: "test-secret-key-0123456789" };
/** Well known: every Azurite has it. */
export const AZURITE = {
  account: "devstoreaccount1",
  key: "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
};

/** versitygw over a folder, with a bucket `models`. */
export async function startS3(tls?: { readonly cert: string; readonly key: string }): Promise<StoreServer> {
  const program = await goTool("versitygw", "github.com/versity/versitygw/cmd/versitygw@v1.8.0");
  const folder = await mkdtemp(join(tmpdir(), "kserve-ts-s3-"));
  await mkdir(join(folder, "models"));
  const port = await freePort();
  const keys = { ROOT_ACCESS_KEY: S3_KEYS.id, ROOT_SECRET_KEY: S3_KEYS.key };
  const certificate = tls === undefined ? [] : ["--cert", tls.cert, "--key", tls.key];
  const args = ["--port", `127.0.0.1:${port}`, ...certificate, "posix", folder];
  return start(program, args, { port, folder, env: keys, scheme: tls === undefined ? "http" : "https" });
}

/** fake-gcs-server in memory. */
export async function startGcs(): Promise<StoreServer> {
  const program = await goTool("fake-gcs-server", "github.com/fsouza/fake-gcs-server@v1.56.1");
  const folder = await mkdtemp(join(tmpdir(), "kserve-ts-gcs-"));
  const port = await freePort();
  const args = ["-scheme", "http", "-host", "127.0.0.1", "-port", String(port), "-backend", "memory"];
  const server = await start(program, args, { port, folder });
  await fetch(`${server.url}/storage/v1/b?project=test`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "models" }),
  });
  return server;
}

/** Azurite's Blob Storage. */
export async function startAzurite(): Promise<StoreServer> {
  const programs = await npmTool("azurite@3.37.0");
  const folder = await mkdtemp(join(tmpdir(), "kserve-ts-azurite-"));
  const port = await freePort();
  const args = ["--blobHost", "127.0.0.1", "--blobPort", String(port), "--location", folder, "--silent"];
  return start(join(programs, "azurite-blob"), [...args, "--skipApiVersionCheck"], { port, folder });
}

interface Start {
  readonly port: number;
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly scheme?: string;
}

async function start(program: string, args: readonly string[], options: Start): Promise<StoreServer> {
  const { port, folder, env = {}, scheme = "http" } = options;
  const child = spawn(program, args, { stdio: "ignore", cwd: folder, env: { ...process.env, ...env } });
  try {
    await answers(child, port, program);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return {
    port,
    url: `${scheme}://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    folder,
    async [Symbol.asyncDispose]() {
      const gone = once(child, "exit");
      if (child.exitCode === null && child.kill("SIGKILL")) await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answers(child: ChildProcess, port: number, program: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    const socket = new Socket();
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.connect(port, "127.0.0.1");
    });
    socket.destroy();
    if (isOpen) return;
    await sleep(50);
  }
  throw new Error(`${program} does not answer`);
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
