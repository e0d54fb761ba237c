import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import type { TestServer } from "../serving.ts";

/** A server-sent event as its reader has it. */
export interface SentEvent {
  readonly event: string;
  readonly data: string;
}

/** A client that reads events one by one. */
export class EventClient implements Disposable {
  readonly answer: IncomingMessage;
  readonly #request: ClientRequest;
  readonly #agent: Agent;
  readonly #chunks: AsyncIterator<Buffer>;
  #text = "";

  private constructor(agent: Agent, sent: ClientRequest, answer: IncomingMessage) {
    this.#agent = agent;
    this.#request = sent;
    this.answer = answer;
    this.#chunks = (answer as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  /** POSTs JSON and waits for the head of the answer. */
  static async post(
    server: TestServer,
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = { accept: "text/event-stream" },
  ): Promise<EventClient> {
    const agent = new Agent({ keepAlive: true });
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = request(server.url + path, { method: "POST", headers, agent }, resolve);
    sent.on("error", reject);
    sent.end(JSON.stringify(body));
    return new EventClient(agent, sent, await promise);
  }

  /** The next event; undefined at the end. */
  async next(): Promise<SentEvent | undefined> {
    for (let end = this.#text.indexOf("\n\n"); ; end = this.#text.indexOf("\n\n")) {
      if (end !== -1) {
        const lines = this.#text.slice(0, end).split("\n");
        this.#text = this.#text.slice(end + 2);
        return parse(lines);
      }
      const { done, value } = await this.#chunks.next();
      if (done === true) {
        if (this.#text !== "") throw new Error(`the stream ended within ${JSON.stringify(this.#text)}`);
        return undefined;
      }
      this.#text += String(value);
    }
  }

  /** The data of all events that are left, as JSON, and what the last one was if it was an error. */
  async rest(): Promise<{ data: unknown[]; error: unknown }> {
    const data: unknown[] = [];
    for (let sent = await this.next(); sent !== undefined; sent = await this.next()) {
      if (sent.event === "error") {
        const end = await this.next();
        if (end !== undefined) throw new Error(`${JSON.stringify(end)} follows an error`);
        return { data, error: JSON.parse(sent.data) };
      }
      data.push(JSON.parse(sent.data));
    }
    return { data, error: undefined };
  }

  /** Everything that is left, as it came. */
  async text(): Promise<string> {
    let text = this.#text;
    for (let next = await this.#chunks.next(); next.done !== true; next = await this.#chunks.next()) {
      text += String(next.value);
    }
    return text;
  }

  /** Closes the connection, as a client does that has had enough. */
  leave(): void {
    this.#request.destroy();
  }

  [Symbol.dispose](): void {
    // Leaving is no failure of the test's.
    this.#request.on("error", () => undefined);
    this.answer.on("error", () => undefined);
    this.#request.destroy();
    this.#agent.destroy();
  }
}

function parse(lines: readonly string[]): SentEvent {
  const valuesOf = (field: string) =>
    lines.filter((line) => line.startsWith(`${field}: `)).map((line) => line.slice(field.length + 2));
  return { event: valuesOf("event")[0] ?? "message", data: valuesOf("data").join("\n") };
}
