/** The ways in which an example is asked, in the order of the columns. */
export const TEST_PROTOCOLS = ["v1", "v2", "v2-binary", "grpc"] as const;

/** A way in which an example is asked. */
export type TestProtocol = (typeof TEST_PROTOCOLS)[number];
