/** Baseline: what one writes with grpc-js and proto-loader, and nothing else. Usage: `grpc-js-echo.ts HTTP_PORT GRPC_PORT` */
import { createServer } from "node:http";
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { type InferMessage, inferMethod } from "./grpc-messages.ts";

const FIRST_BYTES = 40;
const [httpPort, grpcPort] = process.argv.slice(2);
const { path, requestSerialize, requestDeserialize, responseSerialize, responseDeserialize } = inferMethod();
const server = new Server({ "grpc.max_receive_message_length": 16_000_000 });
server.addService(
  {
    modelInfer: {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize,
      requestDeserialize,
      responseSerialize,
      responseDeserialize,
    },
  },
  { modelInfer: answer },
);

/** A small tensor comes back; of a large one, the first ten numbers. */
function answer(call: ServerUnaryCall<InferMessage, object>, done: sendUnaryData<object>): void {
  const { id, raw_input_contents: [raw] = [] } = call.request;
  const contents = raw?.subarray(0, FIRST_BYTES);
  done(null, {
    model_name: "bench",
    id,
    outputs: [{ name: "output-0", datatype: "FP32", shape: [1, 10] }],
    raw_output_contents: [contents],
  });
}

server.bindAsync(`127.0.0.1:${grpcPort}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  // The benchmark waits for readiness by HTTP.
  createServer((_req, res) => res.end()).listen(Number(httpPort), "127.0.0.1");
});
