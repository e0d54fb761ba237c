import { KtsError } from "../../contract/errors.ts";
import { isPlainObject } from "../manifests/manifest.ts";
import type { ExecCall, ExecResult } from "./cluster.ts";
import { RESOURCES } from "./resources.ts";
import type { Transport } from "./transport.ts";
import { pathOf, withQuery } from "./urls.ts";
import { type Channels, openChannels } from "./websocket.ts";

/** Only this one can say that the input has ended; it came with Kubernetes 1.30. */
const WITH_END = "v5.channel.k8s.io";
const WITHOUT_END = "v4.channel.k8s.io";

/** Channels of a command. */
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
const CLOSE = 255;

/** Input goes in pieces of this size at most. */
const PIECE_BYTES = 65_536;

/** Runs a command in a container, until it ends. */
export async function runCommand(
  transport: Transport,
  namespace: string,
  call: ExecCall,
  doing: string,
): Promise<ExecResult> {
  const { pod, container, command, stdin, endWord, signal } = call;
  const query = withQuery(pathOf(RESOURCES.pod, namespace, pod, "exec"), {
    container,
    stdout: true,
    stderr: true,
    ...(stdin !== undefined && { stdin: true }),
  });
  const path = [query, ...command.map((word) => `command=${encodeURIComponent(word)}`)].join("&");
  const channels = await openChannels(transport, path, [WITH_END, WITHOUT_END], doing, signal);
  try {
    if (stdin !== undefined && channels.protocol !== WITH_END) {
      throw new KtsError(
        "KTS_CLUSTER_FAILED",
        `Cannot ${doing}: the cluster cannot be told where the input of a command ends.`,
        { hint: "Kubernetes can from v1.30 on." },
      );
    }
    const ended = outcome(transport, channels, {
      doing,
      ...(endWord !== undefined && { endWord }),
      ...(signal !== undefined && { signal }),
    });
    if (stdin === undefined) return await ended;
    const feeding = feed(channels, stdin);
    // A command may end without reading all of its input, and an input may fail while the command waits for it.
    return await Promise.race([ended, feeding.then(() => ended)]);
  } finally {
    channels.socket.terminate();
  }
}

async function feed(channels: Channels, stdin: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of stdin) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      if (channels.socket.readyState !== channels.socket.OPEN) return;
      try {
        await channels.send(STDIN, chunk.subarray(at, at + PIECE_BYTES));
      } catch {
        // The connection is gone: its closing tells why.
        return;
      }
    }
  }
  if (channels.socket.readyState === channels.socket.OPEN) await channels.send(CLOSE, Uint8Array.of(STDIN));
}

function outcome(
  transport: Transport,
  { socket }: Channels,
  { doing, endWord, signal }: Pick<ExecCall, "endWord" | "signal"> & { readonly doing: string },
): Promise<ExecResult> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<ExecResult>();
  // A failure of the input is told instead of this one.
  promise.catch(() => undefined);
  socket.on("message", (data) => {
    const message = data as Buffer;
    const channel = message[0];
    const content = message.subarray(1);
    if (channel === STDOUT) stdout.push(content);
    else if (channel === STDERR) {
      stderr.push(content);
      const end = endWord === undefined ? undefined : endIn(textOf(stderr), endWord);
      if (end !== undefined) resolve({ ...end, stdout: textOf(stdout) });
    } else if (channel === STATUS && content.length > 0) {
      try {
        const exitCode = exitCodeIn(transport, content.toString("utf8"), doing);
        resolve({ exitCode, stdout: textOf(stdout), stderr: textOf(stderr) });
      } catch (error) {
        reject(error);
      }
    }
  });
  const broke = Object.assign(new Error("the connection broke off before the command ended"), { code: "" });
  socket.once("close", () => reject(transport.failure(broke, signal)));
  socket.resume();
  return promise;
}

/** What a command says of its own end. */
function endIn(stderr: string, word: string): Pick<ExecResult, "exitCode" | "stderr"> | undefined {
  const [, before = "", code] = new RegExp(`^(.*\\n)?${word} (\\d+)\\n$`, "s").exec(stderr) ?? [];
  return code === undefined ? undefined : { exitCode: Number(code), stderr: before };
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString("utf8");
}

/** @throws KtsError when the command did not run at all */
function exitCodeIn(transport: Transport, text: string, doing: string): number {
  const status = transport.parse(text);
  if (!isPlainObject(status) || status.status === "Success") return 0;
  const details = isPlainObject(status.details) ? status.details : {};
  const causes = Array.isArray(details.causes) ? details.causes.filter(isPlainObject) : [];
  const code = causes.find(({ reason }) => reason === "ExitCode")?.message;
  if (code !== undefined) return Number(code);
  const words = String(status.message ?? "");
  if (/no such file or directory|executable file not found/.test(words)) {
    throw new KtsError("KTS_CLUSTER_REFUSED", `Cannot ${doing}: the container has no such command.`, {
      cause: new Error(words),
      hint: "Name a program that its image holds.",
    });
  }
  throw transport.refusal({ status: typeof status.code === "number" ? status.code : 500, body: text }, doing);
}
