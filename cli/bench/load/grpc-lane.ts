import type { GrpcTransport } from "../../../client/grpc/grpc-transport.ts";
import { isKtsError, messageOf } from "../../../contract/errors.ts";
import type { EncodedMessage } from "../../../protocol/grpc.ts";
import { type Done, type Failure, type Lane, type LoadRequest, shortMessage } from "./lane.ts";

/** A call's message, encoded once. */
export interface GrpcLoadRequest extends LoadRequest {
  readonly message: EncodedMessage;
}

const MOST_ANSWER_BYTES = 2 ** 30;

/** One call at a time over a connection that several lanes share. */
export class GrpcLane implements Lane<GrpcLoadRequest> {
  readonly #transport: GrpcTransport;
  readonly #metadata: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  #underWay: { readonly done: Done; readonly abort: AbortController } | undefined;

  /** @param timeoutMs what the server is told that it may take */
  constructor(transport: GrpcTransport, metadata: Readonly<Record<string, string>>, timeoutMs: number) {
    this.#transport = transport;
    this.#metadata = metadata;
    this.#timeoutMs = timeoutMs;
  }

  send({ message }: GrpcLoadRequest, done: Done): void {
    const underWay = { done, abort: new AbortController() };
    this.#underWay = underWay;
    const finish = (failure?: Failure) => {
      if (this.#underWay !== underWay) return;
      this.#underWay = undefined;
      done(failure);
    };
    this.#transport
      .send({
        method: "ModelInfer",
        message,
        metadata: this.#metadata,
        timeoutMs: this.#timeoutMs,
        signal: underWay.abort.signal,
        maxAnswerBytes: MOST_ANSWER_BYTES,
      })
      .then(() => finish())
      .catch((error: unknown) => finish(failureOf(error)));
  }

  abandon(failure: Failure): void {
    const underWay = this.#underWay;
    this.#underWay = undefined;
    underWay?.abort.abort();
    underWay?.done(failure);
  }

  close(): void {
    this.#underWay?.abort.abort();
    this.#underWay = undefined;
  }
}

/** The HTTP status that says the same as the call's own, so that failures read alike over every protocol. */
function failureOf(error: unknown): Failure {
  const message = shortMessage(messageOf(error));
  if (!isKtsError(error)) return { kind: "connection", message };
  if (error.code === "KTS_SERVER_UNREACHABLE") return { kind: "connection", message };
  return { kind: String(error.status), message };
}
