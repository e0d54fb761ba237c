import type { Verb } from "../../contract/inference.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { NamedTensors } from "../../contract/tensor.ts";
import type { RemoteSettings } from "./settings.ts";

/** What a call has beside what it asks. */
export interface RemoteCall {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** Headers (gRPC: metadata) to send, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** V1's members beside `instances`, V2's `parameters`. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/**
 * A way to ask a predictor. Failures are those of the client: KtsError `KTS_SERVER_ANSWERED` (`ServerAnswered` where
 * there was an answer), `KTS_SERVER_UNREACHABLE`, `KTS_DEADLINE_EXCEEDED`, InvalidInput for what cannot be sent, and the
 * signal's reason. A connection that cannot do something rejects with KTS_NOT_IMPLEMENTED.
 */
export interface RemoteConnection extends Disposable {
  /** What `--predictor_protocol` carries: V1's instances, or V2's tensors. */
  readonly carries: "instances" | "tensors";
  /** Whether V1's questions, `ask`, can be asked. */
  readonly speaksV1: boolean;
  /** V1's `:predict` or `:explain`: the list it answers with, else the whole body. */
  ask(verb: Verb, model: string, instances: readonly unknown[], call: RemoteCall): Promise<unknown>;
  /** V1's `:predict` for a stream: of each answer what `ask` gives. */
  askStream(
    model: string,
    instances: readonly unknown[],
    call: RemoteCall,
  ): AsyncGenerator<unknown, void, undefined>;
  /** V2's infer. */
  infer(
    model: string,
    inputs: NamedTensors,
    outputs: readonly string[] | undefined,
    call: RemoteCall,
  ): Promise<NamedTensors>;
  /** The same for a stream of answers. One, where the predictor does not stream. */
  inferStream(
    model: string,
    inputs: NamedTensors,
    outputs: readonly string[] | undefined,
    call: RemoteCall,
  ): AsyncGenerator<NamedTensors, void, undefined>;
  /** The model's inputs, as V2's metadata has them; empty where the predictor does not know them. */
  inputs(model: string, call: RemoteCall): Promise<readonly TensorSpec[]>;
  /** Whether the predictor says that the model can answer. */
  ready(model: string, call: RemoteCall): Promise<boolean>;
}

/** Each protocol's way. */
const CONNECTIONS: Readonly<
  Record<RemoteSettings["protocol"], (settings: RemoteSettings) => Promise<RemoteConnection>>
> = {
  v1: async (settings) => new (await import("./rest-connection.ts")).RestConnection(settings),
  v2: async (settings) => new (await import("./rest-connection.ts")).RestConnection(settings),
  "grpc-v2": async (settings) => new (await import("./grpc-connection.ts")).GrpcConnection(settings),
};

/** Opens a connection. Nothing is sent before it is asked something, so the predictor may come up later. */
export function openConnection(settings: RemoteSettings): Promise<RemoteConnection> {
  return CONNECTIONS[settings.protocol](settings);
}
