import type { PredictorLog } from "../../contract/predictor.ts";
import { logFailure } from "../http/errors.ts";
import { type GrpcFailure, toFailure } from "./status.ts";

/** A failure as a status. The server's own failures are logged with their stack, a client's mistakes at debug. */
export function reportFailure(
  log: PredictorLog,
  error: unknown,
  fields: Readonly<Record<string, unknown>>,
): GrpcFailure {
  const failure = toFailure(error);
  const answer = { status: failure.httpStatus, body: failure.message, headers: [] };
  logFailure(log, error, answer, { ...fields, grpc_status: failure.code });
  return failure;
}
