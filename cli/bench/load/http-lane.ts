import { type Socket, connect, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import { messageOf } from "../../../contract/errors.ts";
import type { Address } from "../../../client/address.ts";
import { type HttpAnswer, HttpAnswerReader } from "./http-answer.ts";
import { type Done, type Failure, type Lane, type LoadRequest, shortMessage } from "./lane.ts";

const READ_BYTES = 65_536;

/** An HTTP request as it goes over the wire, in one buffer. */
export interface HttpLoadRequest extends LoadRequest {
  readonly bytes: Buffer;
}

/** A POST as it goes over the wire. */
export function httpPost(
  address: Pick<Address, "hostname" | "port" | "secure" | "prefix">,
  path: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>>,
): Buffer {
  const host = address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname;
  const usualPort = address.secure ? 443 : 80;
  const all: Record<string, string> = {
    host: address.port === usualPort ? host : `${host}:${address.port}`,
    "user-agent": "kserve-ts-bench",
    accept: "*/*",
    "content-length": String(body.length),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([
    Buffer.from(`POST ${address.prefix}${path} HTTP/1.1\r\n${lines.join("")}\r\n`),
    body,
  ]);
}

/**
 * A keep-alive connection that is opened by its first request, and anew where it was lost. On a socket of its own rather
 * than by node:http, which takes several times as much of a core: a load generator that is busier than the server
 * measures itself.
 */
export class HttpLane implements Lane<HttpLoadRequest> {
  readonly #address: Address;
  readonly #servername: string | undefined;
  readonly #answers = new HttpAnswerReader();
  #socket: Socket | undefined;
  #done: Done | undefined;

  /** @param servername the name that a certificate has to be for. Default: the address's host name */
  constructor(address: Address, servername?: string) {
    this.#address = address;
    this.#servername = servername;
  }

  send(request: HttpLoadRequest, done: Done): void {
    this.#done = done;
    this.#socket ??= this.#open();
    this.#socket.write(request.bytes);
  }

  abandon(failure: Failure): void {
    this.close();
    this.#finish(failure);
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#answers.reset();
    socket?.destroy();
  }

  #open(): Socket {
    const socket: Socket = this.#address.secure ? this.#connectTls() : this.#connect();
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#received(socket, chunk));
    socket.on("error", (error) => this.#lost(socket, messageOf(error)));
    socket.on("close", () => this.#lost(socket, "the server closed the connection"));
    return socket;
  }

  /** One buffer is read into again and again, in place of a new one for every answer. */
  #connect(): Socket {
    const { hostname: host, port } = this.#address;
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const callback = (length: number): boolean => {
      socket.emit("data", buffer.subarray(0, length));
      return true;
    };
    const socket = connect({ host, port, onread: { buffer, callback } });
    return socket;
  }

  #connectTls(): Socket {
    const { hostname: host, port } = this.#address;
    const servername = this.#servername ?? (isIP(host) === 0 ? host : undefined);
    return connectTls({ host, port, ...(servername !== undefined && { servername }) });
  }

  #received(socket: Socket, chunk: Buffer): void {
    if (socket !== this.#socket) return;
    let answer: HttpAnswer | undefined;
    try {
      answer = this.#answers.push(chunk);
    } catch (error) {
      return this.abandon({ kind: "connection", message: messageOf(error) });
    }
    if (answer !== undefined) this.#answered(answer);
  }

  #answered({ status, isKept, text }: HttpAnswer): void {
    if (!isKept) this.close();
    const isRight = status >= 200 && status < 300;
    this.#finish(isRight ? undefined : { kind: String(status), message: shortMessage(text) });
  }

  #lost(socket: Socket, reason: string): void {
    if (socket !== this.#socket) return;
    const last = this.#answers.end();
    this.close();
    if (last !== undefined) this.#answered(last);
    else this.#finish({ kind: "connection", message: reason });
  }

  #finish(failure: Failure | undefined): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(failure);
  }
}
