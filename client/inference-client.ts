import { HttpTransport } from "./http/http-transport.ts";
import type { ClientOptions } from "./options.ts";
import { RestClient } from "./rest-client.ts";

/**
 * A client of one server that speaks KServe's V1 or V2 (the Open Inference Protocol) over REST. Connections are kept
 * and used again; any number of calls may be under way.
 *
 * Every method throws, beside what it says itself:
 * - KtsError `KTS_SERVER_UNREACHABLE`: no connection, or it broke before the answer was complete
 * - KtsError `KTS_SERVER_ANSWERED`: the answer is not 2xx; the message has the server's reason, `status` its status,
 *   `retryAfterSeconds` its Retry-After. Or it is 2xx, but not what was asked for, or too large; then `status` is 502
 * - KtsError `KTS_DEADLINE_EXCEEDED`: no complete answer within `timeoutMs`
 * - KtsError `KTS_CANCELLED`: the client was closed
 * - InvalidInput: what was given cannot be sent; its `path` says where
 * - the signal's reason, once it is aborted
 *
 * A stream throws the same when its next answer is asked for; a failure behind answers is `KTS_SERVER_ANSWERED` with
 * `status` 500, since the server cannot tell one there.
 *
 * @example
 * using client = new InferenceClient("http://localhost:8080");
 * const { outputs } = await client.infer("iris", { input: tensor("FP32", [1, 4], [5.1, 3.5, 1.4, 0.2]) });
 */
export class InferenceClient extends RestClient {
  /**
   * @param baseUrl of the server, `http` or `https`; a path in it is kept in front of every request's
   * @throws InvalidInput when the URL or an option cannot be used
   */
  constructor(baseUrl: string | URL, options: ClientOptions = {}) {
    super(baseUrl, options, (address) => new HttpTransport(address));
  }
}
