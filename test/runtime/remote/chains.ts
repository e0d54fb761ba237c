import { type TestServer, serveFolder, servePredictor } from "../serving.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerOptions } from "../../../runtime/options.ts";

/** Where a predictor listens. */
export interface Ports {
  readonly port: number;
  readonly grpcPort?: number | undefined;
}

/** Options by which a server is a transformer of another one. */
export function inFrontOf(
  { port, grpcPort }: Ports,
  options: Partial<ServerOptions> = {},
): { readonly options: Partial<ServerOptions> } {
  const asked = options.predictorProtocol === "grpc-v2" ? grpcPort : port;
  return { options: { predictorHost: `127.0.0.1:${asked}`, modelName: "m", ...options } };
}

/** Serves a folder without a predictor module in front of a predictor. */
export async function servePassThrough(
  predictor: Ports,
  options: Partial<ServerOptions> = {},
): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), "kserve-ts-test-"));
  try {
    return await serveFolder(folder, inFrontOf(predictor, options));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Serves a predictor module, given as text, in front of a predictor. */
export function serveTransformer(
  source: string,
  predictor: Ports,
  options: Partial<ServerOptions> = {},
): Promise<TestServer> {
  return servePredictor(source, inFrontOf(predictor, options));
}
