import { GrpcInferenceClient } from "../../client/grpc/grpc-inference-client.ts";
import { KtsError } from "../../contract/errors.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { NamedTensors } from "../../contract/tensor.ts";
import type { RemoteCall, RemoteConnection } from "./connection.ts";
import type { RemoteSettings } from "./settings.ts";
import { askInfer, askInputs } from "./v2-calls.ts";

/** Asks a predictor by V2 over gRPC. */
export class GrpcConnection implements RemoteConnection {
  readonly carries = "tensors";
  readonly speaksV1 = false;
  readonly #client: GrpcInferenceClient;

  constructor({ url, binary }: RemoteSettings) {
    this.#client = new GrpcInferenceClient(url, { binary });
  }

  ask(): Promise<never> {
    const problem = "V1's predict and explain are not there over gRPC, by which the predictor is asked.";
    return Promise.reject(
      new KtsError("KTS_NOT_IMPLEMENTED", problem, {
        hint: "Ask its run, with tensors; or by --predictor_protocol v1 or v2.",
      }),
    );
  }

  infer(
    model: string,
    inputs: NamedTensors,
    outputs: readonly string[] | undefined,
    call: RemoteCall,
  ): Promise<NamedTensors> {
    return askInfer(this.#client, model, inputs, outputs, call);
  }

  inputs(model: string, call: RemoteCall): Promise<readonly TensorSpec[]> {
    return askInputs(this.#client, model, call);
  }

  ready(model: string, { parameters: _none, ...options }: RemoteCall): Promise<boolean> {
    return this.#client.modelReady(model, options);
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}
