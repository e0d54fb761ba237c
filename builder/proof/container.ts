import type { Container, ContainerInspectInfo } from "dockerode";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { DockerClient } from "../docker/client.ts";
import { type ClusterLike, clusterLikeContainer } from "./constraints.ts";
import { type ContainerLine, readLines } from "./frames.ts";

/** How a container ended. */
export interface Exit {
  readonly code: number;
  /** It used more memory than it may. */
  readonly isOutOfMemory: boolean;
}

/** What the server prints once it can answer. */
const READY = /ready after \d+ ms/;

const MOST_LINES = 200;

/** A container under a cluster's constraints. Removed with its scope, whatever state it is in. */
export class ProvenContainer implements AsyncDisposable {
  readonly #container: Container;
  readonly #lines: ContainerLine[] = [];
  readonly #ready = Promise.withResolvers<Date>();
  readonly #onLine: (line: ContainerLine) => void;
  #exit: Promise<Exit> | undefined;
  #logs: Promise<void> | undefined;

  private constructor(container: Container, onLine: (line: ContainerLine) => void) {
    this.#container = container;
    this.#onLine = onLine;
    this.#ready.promise.catch(() => undefined);
  }

  /** Creates and starts a container. @param onLine called with every line that it writes */
  static async start(
    docker: DockerClient,
    options: ClusterLike,
    onLine: (line: ContainerLine) => void = () => undefined,
  ): Promise<ProvenContainer> {
    const container = await docker.createContainer(clusterLikeContainer(options));
    const started = new ProvenContainer(container, onLine);
    try {
      // Before it starts: one that ends at once is missed otherwise.
      const exit = container.wait({ condition: "next-exit" }) as Promise<{ StatusCode: number }>;
      await container.start();
      started.#exit = exit.then(async ({ StatusCode: code }) => {
        const info = await container.inspect().catch(() => undefined);
        return { code, isOutOfMemory: info?.State.OOMKilled === true };
      });
      started.#exit.catch(() => undefined);
      started.#logs = started.#follow();
      return started;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  }

  get id(): string {
    return this.#container.id;
  }

  get container(): Container {
    return this.#container;
  }

  /** Resolves when it has ended, however. */
  get exit(): Promise<Exit> {
    if (this.#exit === undefined) throw new Error("the container was not started");
    return this.#exit;
  }

  /** Resolves with the time when it said that it is ready. */
  get saysReady(): Promise<Date> {
    return this.#ready.promise;
  }

  /** The last lines that it wrote. Waits for those of a container that has ended. */
  async lastLines(count: number): Promise<readonly string[]> {
    await Promise.race([this.#logs, sleep(500)]);
    return this.#lines.slice(-count).map(({ text }) => text);
  }

  inspect(): Promise<ContainerInspectInfo> {
    return this.#container.inspect();
  }

  /** Stops it as a cluster does: SIGTERM, and SIGKILL after the grace period. */
  async stop(graceSeconds: number): Promise<void> {
    await this.#container.stop({ t: graceSeconds }).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#container.remove({ force: true, v: true }).catch(() => undefined);
  }

  async #follow(): Promise<void> {
    try {
      const options = { follow: true, stdout: true, stderr: true, timestamps: true } as const;
      const source = (await this.#container.logs(options)) as unknown as Readable;
      for await (const { stream, text } of readLines(source)) {
        const space = text.indexOf(" ");
        const line = { stream, text: space === -1 ? "" : text.slice(space + 1) };
        this.#lines.push(line);
        if (this.#lines.length > MOST_LINES) this.#lines.shift();
        if (READY.test(line.text)) this.#ready.resolve(new Date(text.slice(0, space)));
        this.#onLine(line);
      }
    } catch {
      // The engine went away; whoever asks it next is told so.
    }
  }
}
