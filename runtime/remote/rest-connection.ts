import { type Address, modelPath, parseAddress, pathSegment } from "../../client/address.ts";
import { HttpTransport } from "../../client/http/http-transport.ts";
import { InferenceClient } from "../../client/inference-client.ts";
import { readHealth } from "../../client/metadata.ts";
import { predictBody, readPrediction, readPredictionEvent } from "../../client/predict.ts";
import { successful } from "../../client/server-error.ts";
import type { Verb } from "../../contract/inference.ts";
import type { EncodedBody } from "../../protocol/body.ts";
import { decodeV1Response } from "../../protocol/v1.ts";
import { ClientConnection } from "./client-connection.ts";
import type { RemoteCall } from "./connection.ts";
import type { RemoteSettings } from "./settings.ts";

/** What KServe answers while a model is not ready, and what MLServer and Triton do. */
const NOT_READY = [503, 400];

/** More is no health answer. */
const HEALTH_BYTES = 65_536;

/** Asks a predictor by V1 and V2 over REST. */
export class RestConnection extends ClientConnection<InferenceClient> {
  override readonly carries: "instances" | "tensors";
  override readonly speaksV1 = true;
  readonly #address: Address;
  readonly #probes: HttpTransport;

  constructor({ url, protocol, binary }: RemoteSettings) {
    super(new InferenceClient(url, { binary }));
    this.carries = protocol === "v1" ? "instances" : "tensors";
    this.#address = parseAddress(url);
    this.#probes = new HttpTransport(this.#address);
  }

  override async ask(
    verb: Verb,
    model: string,
    instances: readonly unknown[],
    { parameters, ...options }: RemoteCall,
  ): Promise<unknown> {
    const body = oneBody(predictBody(instances, parameters));
    const answer = await this.client.send(verbPath(model, verb), body, options);
    const value = readPrediction(answer, verb === "predict" ? "predictions" : "explanations");
    return isPassedOn(value) ? value : decodeV1Response(answer.bytes);
  }

  override async *askStream(
    model: string,
    instances: readonly unknown[],
    { parameters, ...options }: RemoteCall,
  ): AsyncGenerator<unknown, void, undefined> {
    const body = oneBody(predictBody(instances, parameters));
    for await (const data of this.client.sendStream(verbPath(model, "predict"), body, options)) {
      const value = readPredictionEvent(data, "predictions");
      yield isPassedOn(value) ? value : decodeV1Response(Buffer.from(data));
    }
  }

  /** The client's `modelReady` asks V2, which a predictor of V1 need not have. */
  override async ready(model: string, { signal, timeoutMs, headers }: RemoteCall): Promise<boolean> {
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

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.#probes.close();
  }
}

function verbPath(model: string, verb: Verb): string {
  return `/v1/models/${pathSegment(model, "name")}:${verb}`;
}

/**
 * Whether what an answer's list held says all of it. Of a body that is more than a list nothing gets lost, where it is
 * handed on as it came.
 */
function isPassedOn(value: unknown): boolean {
  return Array.isArray(value) || typeof value === "string" || value instanceof Uint8Array;
}

function oneBody({ head, tail }: EncodedBody): string | Uint8Array {
  return tail.length === 0 ? head : Buffer.concat([Buffer.from(head), ...tail]);
}
