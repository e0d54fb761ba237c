import { integer, message, nested, repeated, text } from "../message.ts";

/** Messages of grpc.health.v1.Health (proto/grpc/health/v1/health.proto). */
export const HealthCheckRequest = message({ service: text(1) });
/** `status` is one of `SERVING_STATUS`. */
export const HealthCheckResponse = message({ status: integer(1) });

const StatusEntry = message({ key: text(1), value: nested(2, HealthCheckResponse) });

export const HealthListResponse = message({ statuses: repeated(nested(1, StatusEntry)) });

/** The values of HealthCheckResponse.ServingStatus. */
export const SERVING_STATUS = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const;
