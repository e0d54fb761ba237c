import type { InferResult } from "../../client/infer.ts";
import type { ModelMetadata } from "../../client/metadata.ts";
import type { CallOptions, InferOptions } from "../../client/options.ts";
import type { Verb } from "../../contract/inference.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { NamedTensors } from "../../contract/tensor.ts";
import type { RemoteCall, RemoteConnection } from "./connection.ts";
import { ownParameters } from "./own-parameters.ts";

/** What V2 over REST and over gRPC have in common. */
interface V2Client {
  infer(name: string, inputs: NamedTensors, options: InferOptions): Promise<InferResult>;
  inferStream(
    name: string,
    inputs: NamedTensors,
    options: InferOptions,
  ): AsyncGenerator<InferResult, void, undefined>;
  modelMetadata(name: string, options: CallOptions): Promise<ModelMetadata>;
  close(): void;
}

/** Asks a predictor with one of our clients: V2's part of it. */
export abstract class ClientConnection<Client extends V2Client> implements RemoteConnection {
  abstract readonly carries: "instances" | "tensors";
  abstract readonly speaksV1: boolean;
  protected readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  abstract ask(verb: Verb, model: string, instances: readonly unknown[], call: RemoteCall): Promise<unknown>;

  abstract askStream(
    model: string,
    instances: readonly unknown[],
    call: RemoteCall,
  ): AsyncGenerator<unknown, void, undefined>;

  abstract ready(model: string, call: RemoteCall): Promise<boolean>;

  async infer(
    model: string,
    inputs: NamedTensors,
    outputs: readonly string[] | undefined,
    call: RemoteCall,
  ): Promise<NamedTensors> {
    return (await this.client.infer(model, inputs, inferOptions(outputs, call))).outputs;
  }

  async *inferStream(
    model: string,
    inputs: NamedTensors,
    outputs: readonly string[] | undefined,
    call: RemoteCall,
  ): AsyncGenerator<NamedTensors, void, undefined> {
    const answers = this.client.inferStream(model, inputs, inferOptions(outputs, call));
    for await (const answer of answers) yield answer.outputs;
  }

  async inputs(model: string, { parameters: _none, ...options }: RemoteCall): Promise<readonly TensorSpec[]> {
    return (await this.client.modelMetadata(model, options)).inputs;
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}

function inferOptions(
  outputs: readonly string[] | undefined,
  { parameters, ...options }: RemoteCall,
): InferOptions {
  return { ...options, outputs, parameters: ownParameters(parameters) };
}
