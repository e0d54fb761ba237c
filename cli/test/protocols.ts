/** The ways in which an example can be asked, in the order of the columns. */
export const TEST_PROTOCOLS = ["v1", "v2", "v2-binary", "grpc", "stream"] as const;

/** A way in which an example is asked. `stream`: for events, over the example's own protocol. */
export type TestProtocol = (typeof TEST_PROTOCOLS)[number];

/** Those of a run that names none: a plain request has all answers of a stream as well. */
export const USUAL_PROTOCOLS: readonly TestProtocol[] = ["v1", "v2", "v2-binary", "grpc"];
