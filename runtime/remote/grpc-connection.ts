import { GrpcInferenceClient } from "../../client/grpc/grpc-inference-client.ts";
import { KtsError } from "../../contract/errors.ts";
import { ClientConnection } from "./client-connection.ts";
import type { RemoteCall } from "./connection.ts";
import type { RemoteSettings } from "./settings.ts";

/** Asks a predictor by V2 over gRPC. */
export class GrpcConnection extends ClientConnection<GrpcInferenceClient> {
  override readonly carries = "tensors";
  override readonly speaksV1 = false;

  constructor({ url, binary }: RemoteSettings) {
    super(new GrpcInferenceClient(url, { binary }));
  }

  override ask(): Promise<never> {
    return Promise.reject(withoutV1());
  }

  // eslint-disable-next-line require-yield -- It has nothing to give.
  override async *askStream(): AsyncGenerator<never, void, undefined> {
    throw withoutV1();
  }

  override ready(model: string, { parameters: _none, ...options }: RemoteCall): Promise<boolean> {
    return this.client.modelReady(model, options);
  }
}

function withoutV1(): KtsError {
  const problem = "V1's predict and explain are not there over gRPC, by which the predictor is asked.";
  return new KtsError("KTS_NOT_IMPLEMENTED", problem, {
    hint: "Ask its run, with tensors; or by --predictor_protocol v1 or v2.",
  });
}
