import { type TestServer, servePredictor } from "../../runtime/serving.ts";

/** Answers with its tensors, inline; with the parameter `wait` only when it is told to stop. */
const PREDICTOR = `
export const execution = "inline";
export const concurrency = 10_000;
export const predict = (_model, input, ctx) => {
  if (ctx.parameters.wait !== true) return input;
  return new Promise((_resolve, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)));
};
`;

/** A server for programs to call; its model is called `m`. */
export async function echoServer(): Promise<TestServer & { readonly address: string }> {
  const server = await servePredictor(PREDICTOR, { options: { gracePeriodMs: 5_000 } });
  return Object.assign(server, { address: `127.0.0.1:${server.grpcPort}` });
}
