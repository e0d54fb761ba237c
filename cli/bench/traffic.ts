import { parseAddress } from "../../client/address.ts";
import { parseGrpcAddress } from "../../client/grpc/grpc-address.ts";
import { inferMessage } from "../../client/grpc/inference-messages.ts";
import { GrpcTransport } from "../../client/grpc/grpc-transport.ts";
import { KtsError } from "../../contract/errors.ts";
import { encodeV2Request } from "../../protocol/v2.ts";
import { inferencePath } from "../body-protocol.ts";
import { inferRequest } from "../predict/tensors.ts";
import { GrpcLane, type GrpcLoadRequest } from "./load/grpc-lane.ts";
import { HttpLane, type HttpLoadRequest, httpPost } from "./load/http-lane.ts";
import type { Failure, Lane, LoadRequest } from "./load/lane.ts";
import { Lanes } from "./load/lanes.ts";

/** How requests are sent: `auto` sends each in the protocol that it is written in. */
export type BenchProtocol = "auto" | "v1" | "v2" | "v2-binary" | "grpc";

/** A request as a file has it. */
export interface BenchExample {
  readonly name: string;
  readonly protocol: "v1" | "v2";
  /** JSON. */
  readonly text: string;
}

/** Whom requests go to, and how. */
export interface TrafficOptions {
  /** URL of REST, or address of gRPC. */
  readonly url: string;
  readonly model: string;
  readonly protocol: BenchProtocol;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds from when a request is due until it is given up. */
  readonly timeoutMs: number;
  /** Requests under way at most. */
  readonly connections: number;
}

/** Requests that are ready to be sent, and the way to send them. */
export interface Traffic extends Disposable {
  /** Those there are, without how they are sent. */
  readonly requests: readonly { readonly name: string; readonly bodyBytes: number }[];
  /** Opens lanes; nothing is connected before a request needs it. */
  openLanes(): Lanes;
  /** The next request, each in its turn. */
  readonly nextRequest: () => LoadRequest;
}

/** Calls that share a connection of HTTP/2: one alone would be done by one thread of some servers. */
const CALLS_EACH = 64;
const KEEP_ALIVE = { keepAliveMs: 300_000, keepAliveTimeoutMs: 20_000 };

/**
 * Makes the requests of examples, which are in the form that the protocol takes.
 * @throws InvalidInput when one that is to be sent as bytes has no tensors
 */
export function openTraffic(examples: readonly BenchExample[], options: TrafficOptions): Traffic {
  return options.protocol === "grpc" ? grpcTraffic(examples, options) : httpTraffic(examples, options);
}

function httpTraffic(examples: readonly BenchExample[], options: TrafficOptions): Traffic {
  const address = parseAddress(options.url);
  const requests = examples.map(({ name, protocol, text }): HttpLoadRequest => {
    const { body, headers } = options.protocol === "v2-binary" ? binaryBody(text) : jsonBody(text);
    const bytes = httpPost(address, inferencePath(protocol, options.model), body, {
      ...headers,
      ...options.headers,
    });
    return { name, bodyBytes: body.length, bytes };
  });
  const servername = options.headers["host"]?.replace(/:\d+$/, "");
  return {
    requests: requests.map(({ name, bodyBytes }) => ({ name, bodyBytes })),
    openLanes: () => lanesOf(() => new HttpLane(address, servername), options),
    nextRequest: inTurn(requests),
    [Symbol.dispose]: () => undefined,
  };
}

function grpcTraffic(examples: readonly BenchExample[], options: TrafficOptions): Traffic {
  const address = parseGrpcAddress(options.url);
  const requests = examples.map(({ name, text }): GrpcLoadRequest => {
    const { tensors, ...others } = inferRequest(text);
    const message = inferMessage(options.model, tensors, others, true);
    return { name, bodyBytes: message.byteLength, message };
  });
  const transports: GrpcTransport[] = [];
  let calls = 0;
  const openLane = () => {
    if (calls++ % CALLS_EACH === 0) {
      transports.push(new GrpcTransport(address, options.headers["host"], KEEP_ALIVE));
    }
    return new GrpcLane(transports.at(-1) as GrpcTransport, options.headers, options.timeoutMs);
  };
  return {
    requests: requests.map(({ name, bodyBytes }) => ({ name, bodyBytes })),
    openLanes: () => lanesOf(openLane, options),
    nextRequest: inTurn(requests),
    [Symbol.dispose]: () => transports.forEach((transport) => transport.close()),
  };
}

/** `nextRequest` gives what these lanes take: both are made together. */
function lanesOf<Request extends LoadRequest>(
  open: () => Lane<Request>,
  { connections, timeoutMs }: TrafficOptions,
): Lanes {
  return new Lanes(open as () => Lane, connections, timeoutMs);
}

function inTurn<Request>(requests: readonly Request[]): () => Request {
  let next = 0;
  return () => requests[next++ % requests.length] as Request;
}

interface HttpBody {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

function jsonBody(text: string): HttpBody {
  return { body: Buffer.from(text), headers: { "content-type": "application/json" } };
}

function binaryBody(text: string): HttpBody {
  const { tensors, id, outputs, parameters } = inferRequest(text);
  const { head, tail, jsonLength, contentType } = encodeV2Request({
    id,
    parameters,
    tensors,
    binary: true,
    outputs: outputs?.map((name) => ({ name, binary: true })),
    binaryOutput: outputs === undefined,
  });
  return {
    body: Buffer.concat([Buffer.from(head), ...tail]),
    headers: {
      "content-type": contentType,
      ...(jsonLength !== undefined && { "inference-header-content-length": String(jsonLength) }),
    },
  };
}

/**
 * Sends each request once: a load of requests that the server refuses would measure how fast it does so.
 * @throws KtsError KTS_SERVER_ANSWERED or KTS_SERVER_UNREACHABLE for the first that is not answered well
 */
export async function checkTraffic(traffic: Traffic, signal: AbortSignal): Promise<void> {
  using lanes = traffic.openLanes();
  for (const { name } of traffic.requests) {
    const failure = await sendOnce(lanes, traffic.nextRequest(), signal);
    if (failure === undefined) continue;
    const { kind, message } = failure;
    if (kind === "connection") {
      throw new KtsError("KTS_SERVER_UNREACHABLE", `the server cannot be asked: ${message}`);
    }
    const what = kind === "timeout" ? message : `${kind}${message === "" ? "" : `: ${message}`}`;
    throw new KtsError("KTS_SERVER_ANSWERED", `${name} is not answered well, so there is no load: ${what}`, {
      hint: "kserve-ts predict --input shows the whole answer.",
    });
  }
}

/** @returns the failure, if it is one */
export async function sendOnce(
  lanes: Lanes,
  request: LoadRequest,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Failure | undefined>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  lanes.send(request, performance.now(), resolve);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
