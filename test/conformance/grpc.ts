import { readFileSync } from "node:fs";
import { Client, type ServiceError, credentials, status as codes } from "@grpc/grpc-js";
import { type MethodDefinition, loadSync } from "@grpc/proto-loader";
import { mismatch } from "./match.ts";
import type { VectorModel } from "./vector.ts";

const PROTO = new URL("../../protocol/grpc/proto/", import.meta.url).pathname;
const FILE = new URL("./grpc-vectors/inference.json", import.meta.url);
const SERVICE = "inference.GRPCInferenceService";
const TIMEOUT_MS = 15_000;

const definitions = loadSync("grpc_predict_v2.proto", {
  includeDirs: [PROTO],
  keepCase: true,
  longs: String,
})[SERVICE] as Readonly<Record<string, MethodDefinition<object, object>>>;

/** One unary call of the inference service, what has to be answered, and why. Its texts are as a `Vector`'s. */
export interface GrpcVector {
  readonly name: string;
  readonly why: string;
  readonly spec: string;
  readonly needs: readonly VectorModel[];
  /** The request as JSON: members as the .proto names them, bytes as base64. */
  readonly call: { readonly method: string; readonly request: object };
  /** The status by its name; what its text, or the answer's message, has to match (see `match.ts`). */
  readonly answer: {
    readonly code: keyof typeof codes;
    readonly details?: unknown;
    readonly message?: unknown;
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
  const { code, details, message } = await call(address, vector.call.method, vector.call.request);
  const { answer } = vector;
  if (codes[code] !== answer.code) return `status: expected ${answer.code}, got ${codes[code]}: ${details}`;
  if (answer.details !== undefined) {
    const problem = mismatch(details, answer.details, "details");
    if (problem !== undefined) return problem;
  }
  return answer.message === undefined ? undefined : mismatch(message, answer.message);
}

interface Answered {
  readonly code: codes;
  readonly details: string;
  /** As JSON, in the form of a vector's request. */
  readonly message: unknown;
}

async function call(address: string, method: string, request: object): Promise<Answered> {
  const definition = definitions[method];
  if (definition === undefined) throw new Error(`${SERVICE} has no method ${method}`);
  const client = new Client(address, credentials.createInsecure());
  try {
    const { promise, resolve } = Promise.withResolvers<Answered>();
    const done = (error: ServiceError | null, answer?: object) => {
      const { code, details } = error ?? { code: codes.OK, details: "" };
      resolve({ code, details, message: toJson(answer) });
    };
    const { path, requestSerialize, responseDeserialize } = definition;
    const options = { deadline: Date.now() + TIMEOUT_MS };
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, options, done);
    return await promise;
  } finally {
    client.close();
  }
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
