import type { Container } from "dockerode";
import type { Duplex } from "node:stream";
import { readLines } from "./frames.ts";

/** An answer of the server in a container. */
export interface InsideAnswer {
  readonly status: number;
  readonly text: string;
  /** Version of the Node that the image has: `24.11.0`. */
  readonly node: string;
  /** From the request to the last byte of the answer, as seen inside. */
  readonly ms: number;
}

/**
 * Runs in the container, which has no network: takes requests as lines of JSON from stdin, asks the server by loopback,
 * and writes the answers as lines.
 */
const AGENT = `
require("node:readline").createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, port, method, path, body } = JSON.parse(line);
  const start = performance.now();
  let answer;
  try {
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    const response = await fetch("http://127.0.0.1:" + port + path, { method, body, headers });
    answer = { status: response.status, text: await response.text() };
  } catch (error) {
    answer = { error: String(error.cause ?? error) };
  }
  process.stdout.write(JSON.stringify({ id, node: process.versions.node, ms: performance.now() - start, ...answer }) + "\\n");
});`;

interface AgentLine extends InsideAnswer {
  readonly id: number;
  readonly error?: string;
}

/** A way to ask a server whose container has no network. Ends with its scope. */
export class Inside implements Disposable {
  readonly #stream: Duplex;
  readonly #port: number;
  readonly #waiting = new Map<number, PromiseWithResolvers<InsideAnswer>>();
  #nextId = 1;

  private constructor(stream: Duplex, port: number) {
    this.#stream = stream;
    this.#port = port;
    void this.#read();
  }

  /** @param node the Node of the image; @param port the server's, in the container */
  static async open(container: Container, node: string, port: number): Promise<Inside> {
    const exec = await container.exec({
      Cmd: [node, "-e", AGENT],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    });
    return new Inside(await exec.start({ hijack: true, stdin: true }), port);
  }

  /** Asks the server. @throws Error when it does not answer, or the container is gone */
  ask(method: "GET" | "POST", path: string, body?: string): Promise<InsideAnswer> {
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<InsideAnswer>();
    this.#waiting.set(id, waiting);
    this.#stream.write(`${JSON.stringify({ id, port: this.#port, method, path, body })}\n`);
    return waiting.promise;
  }

  [Symbol.dispose](): void {
    this.#stream.destroy();
  }

  async #read(): Promise<void> {
    const said: string[] = [];
    try {
      for await (const { stream, text } of readLines(this.#stream)) {
        if (stream === "stderr") said.push(text);
        else this.#settle(JSON.parse(text) as AgentLine);
      }
    } catch (error) {
      said.push(String(error));
    }
    for (const { reject } of this.#waiting.values()) {
      reject(
        new Error(`the container does not answer any more: ${said.slice(-3).join(" ") || "it has ended"}`),
      );
    }
  }

  #settle({ id, error, status, text, node, ms }: AgentLine): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve({ status, text, node, ms });
    else waiting?.reject(new Error(error));
  }
}
