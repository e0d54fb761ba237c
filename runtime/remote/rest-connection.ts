import { type Address, modelPath, parseAddress, pathSegment } from "../../client/address.ts";
import { HttpTransport } from "../../client/http/http-transport.ts";
import { InferenceClient } from "../../client/inference-client.ts";
import { readHealth } from "../../client/metadata.ts";
import { predictBody, readPrediction } from "../../client/predict.ts";
import { successful } from "../../client/server-error.ts";
import type { Verb } from "../../contract/inference.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { NamedTensors } from "../../contract/tensor.ts";
import type { EncodedBody } from "../../protocol/body.ts";
import { decodeV1Response } from "../../protocol/v1.ts";
import type { RemoteCall, RemoteConnection } from "./connection.ts";
import type { RemoteSettings } from "./settings.ts";
import { askInfer, askInputs } from "./v2-calls.ts";

/** What KServe answers while a model is not ready, and what MLServer and Triton do. */
const NOT_READY = [503, 400];

/** More is no health answer. */
const HEALTH_BYTES = 65_536;

/** Asks a predictor by V1 and V2 over REST. */
export class RestConnection implements RemoteConnection {
  readonly carries: "instances" | "tensors";
  readonly speaksV1 = true;
  readonly #client: InferenceClient;
  readonly #address: Address;
  readonly #probes: HttpTransport;

  constructor({ url, protocol, binary }: RemoteSettings) {
    this.carries = protocol === "v1" ? "instances" : "tensors";
    this.#client = new InferenceClient(url, { binary });
    this.#address = parseAddress(url);
    this.#probes = new HttpTransport(this.#address);
  }

  async ask(verb: Verb, model: string, instances: readonly unknown[], call: RemoteCall): Promise<unknown> {
    const { parameters, ...options } = call;
    const path = `/v1/models/${pathSegment(model, "name")}:${verb}`;
    const answer = await this.#client.send(path, oneBody(predictBody(instances, parameters)), options);
    const value = readPrediction(answer, verb === "predict" ? "predictions" : "explanations");
    if (Array.isArray(value) || typeof value === "string" || value instanceof Uint8Array) return value;
    // Of a body that is more than a list nothing gets lost this way, and who passes it on passes it on as it came.
    return decodeV1Response(answer.bytes);
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

  /** The client's `modelReady` asks V2, which a predictor of V1 need not have. */
  async ready(model: string, { signal, timeoutMs, headers }: RemoteCall): Promise<boolean> {
    const path =
      this.carries === "instances"
        ? `/v1/models/${pathSegment(model, "name")}`
        : `${modelPath(model, undefined)}/ready`;
    const answer = await this.#probes.send({
      method: "GET",
      path: this.#address.prefix + path,
      headers,
      body: undefined,
      timeoutMs,
      signal,
      maxAnswerBytes: HEALTH_BYTES,
    });
    return !NOT_READY.includes(answer.status) && readHealth(successful(answer).bytes, "ready");
  }

  [Symbol.dispose](): void {
    this.#client.close();
    this.#probes.close();
  }
}

function oneBody({ head, tail }: EncodedBody): string | Uint8Array {
  return tail.length === 0 ? head : Buffer.concat([Buffer.from(head), ...tail]);
}
