import { InvalidInput, KtsError } from "../../contract/errors.ts";
import { decodeMessage, encodeMessage } from "../../protocol/grpc.ts";
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthListResponse,
  SERVING_STATUS,
} from "../../protocol/grpc/messages/health.ts";
import type { GrpcCall } from "./call.ts";
import type { GrpcServices } from "./grpc-services.ts";
import type { MessageStream } from "./streaming-call.ts";

/** How often a watched state is looked at. */
const WATCH_MS = 200;

/** The services whose health can be asked for, the server as a whole being the empty name. */
const SERVICES = ["", "inference.GRPCInferenceService", "readiness", "liveness"];

/**
 * grpc.health.v1.Health. A service serves while the server is ready; `liveness` while it runs at all: a cluster's
 * gRPC probes choose between the two by the service's name.
 */
export class HealthService {
  readonly #services: GrpcServices;

  constructor(services: GrpcServices) {
    this.#services = services;
  }

  /** @throws KtsError KTS_MODEL_NOT_FOUND (NOT_FOUND, as the protocol wants it) */
  async check(message: Uint8Array) {
    const { service } = decodeMessage(HealthCheckRequest, message);
    const status = await this.#statusOf(service);
    if (status !== undefined) return encodeMessage(HealthCheckResponse, { status });
    throw new KtsError("KTS_MODEL_NOT_FOUND", `There is no service ${JSON.stringify(service)}.`, {
      hint: `Ask for one of ${SERVICES.slice(1).join(", ")}, or for none.`,
    });
  }

  async list() {
    const statuses = await Promise.all(
      SERVICES.map(async (key) => ({ key, value: { status: (await this.#statusOf(key)) ?? 0 } })),
    );
    return encodeMessage(HealthListResponse, { statuses });
  }

  /** Sends the state now, and again whenever it has changed, until the client leaves. */
  watch(call: GrpcCall): MessageStream {
    let service: string | undefined;
    let last: number | undefined;
    let timer: NodeJS.Timeout | undefined;
    let looking = false;
    let closed = false;
    const look = async () => {
      // A remote predictor may take longer to say how it is than until the next look.
      if (looking) return;
      looking = true;
      const status = (await this.#statusOf(service as string)) ?? SERVING_STATUS.SERVICE_UNKNOWN;
      looking = false;
      if (status === last || closed) return;
      last = status;
      call.send(encodeMessage(HealthCheckResponse, { status }));
    };
    return {
      received: (message) => {
        if (service !== undefined) return;
        service = decodeMessage(HealthCheckRequest, message).service;
        void look();
        timer = setInterval(() => void look(), WATCH_MS);
        timer.unref();
      },
      halfClosed() {
        if (service === undefined) throw new InvalidInput("Watch has one request message, but none came.");
      },
      closed() {
        closed = true;
        clearInterval(timer);
      },
    };
  }

  async #statusOf(service: string): Promise<number | undefined> {
    if (!SERVICES.includes(service)) return undefined;
    const { lifecycle, plane } = this.#services;
    const serves = service === "liveness" || (lifecycle.ready && (await plane.askReady()));
    return serves ? SERVING_STATUS.SERVING : SERVING_STATUS.NOT_SERVING;
  }
}
