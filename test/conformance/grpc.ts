import { readFileSync } from "node:fs";
import { Client, type ServiceError, credentials, status as codes } from "@grpc/grpc-js";
import { type MethodDefinition, loadSync } from "@grpc/proto-loader";
import { mismatch } from "./match.ts";
import type { VectorModel } from "./vector.ts";

const PROTO = new URL("../../protocol/grpc/proto/", import.meta.url).pathname;
const FILE = new URL("./grpc-vectors/inference.json", import.meta.url);
const SERVICE = "inference.GRPCInferenceService";
const TIMEOUT_MS = 15_000;

type Method = MethodDefinition<object, object>;

const definitions = loadSync("grpc_predict_v2.proto", {
  includeDirs: [PROTO],
  keepCase: true,
  longs: String,
})[SERVICE] as Readonly<Record<string, Method>>;

/** One call of the inference service, what has to be answered, and why. Its texts are as a `Vector`'s. */
export interface GrpcVector {
  readonly name: string;
  readonly why: string;
  readonly spec: string;
  readonly needs: readonly VectorModel[];
  /** The request as JSON: members as the .proto names them, bytes as base64. */
  readonly call: {
    readonly method: string;
    readonly request?: object;
    readonly requests?: readonly object[];
  };
  /** The status by its name; what its text, or the answer's message, has to match (see `match.ts`). */
  readonly answer: {
    readonly code: keyof typeof codes;
    readonly details?: unknown;
    readonly message?: unknown;
    /** What the messages of a stream have to match. */
    readonly messages?: unknown;
  };
}

export function loadGrpcVectors(): readonly GrpcVector[] {
  return JSON.parse(readFileSync(FILE, "utf8")) as GrpcVector[];
}

/**
 * Makes a vector's call and compares what came; what differs, or undefined.
 * @param address such as `localhost:8081`
 */
export async function checkGrpcVector(address: string, vector: GrpcVector): Promise<string | undefined> {
  const { code, details, messages } = await call(address, vector.call);
  const { answer } = vector;
  if (codes[code] !== answer.code) return `status: expected ${answer.code}, got ${codes[code]}: ${details}`;
  if (answer.details !== undefined) {
    const problem = mismatch(details, answer.details, "details");
    if (problem !== undefined) return problem;
  }
  if (answer.messages !== undefined) return mismatch(messages, answer.messages);
  return answer.message === undefined ? undefined : mismatch(messages[0], answer.message);
}

interface Answered {
  readonly code: codes;
  readonly details: string;
  /** As JSON, in the form of a vector's request. */
  readonly messages: readonly unknown[];
}

async function call(address: string, asked: GrpcVector["call"]): Promise<Answered> {
  const definition = definitions[asked.method];
  if (definition === undefined) throw new Error(`${SERVICE} has no method ${asked.method}`);
  const client = new Client(address, credentials.createInsecure());
  try {
    if (asked.requests !== undefined) return await callStream(client, definition, asked.requests);
    return await callUnary(client, definition, asked.request ?? {});
  } finally {
    client.close();
  }
}

function callUnary(client: Client, definition: Method, request: object): Promise<Answered> {
  const { promise, resolve } = Promise.withResolvers<Answered>();
  const done = (error: ServiceError | null, answer?: object) => {
    const { code, details } = error ?? { code: codes.OK, details: "" };
    resolve({ code, details, messages: [toJson(answer)] });
  };
  const { path, requestSerialize, responseDeserialize } = definition;
  const options = { deadline: Date.now() + TIMEOUT_MS };
  client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, options, done);
  return promise;
}

function callStream(client: Client, definition: Method, requests: readonly object[]): Promise<Answered> {
  const { promise, resolve } = Promise.withResolvers<Answered>();
  const { path, requestSerialize, responseDeserialize } = definition;
  const options = { deadline: Date.now() + TIMEOUT_MS };
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, options);
  const messages: unknown[] = [];
  stream.on("data", (message: object) => messages.push(toJson(message)));
  // It has the status as well.
  stream.on("error", () => undefined);
  stream.on("status", ({ code, details }: { code: codes; details: string }) =>
    resolve({ code, details, messages }),
  );
  for (const request of requests) stream.write(request);
  stream.end();
  return promise;
}

/** Bytes as base64. */
function toJson(message: unknown): unknown {
  return JSON.parse(
    JSON.stringify(message ?? null, function (this: Record<string, unknown>, key, value: unknown) {
      const before = this[key];
      return before instanceof Uint8Array ? Buffer.from(before).toString("base64") : value;
    }),
  );
}
