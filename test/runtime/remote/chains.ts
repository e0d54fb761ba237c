import { type TestServer, serveFolder, servePredictor } from "../serving.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerOptions } from "../../../runtime/options.ts";

/** Options by which a server is a transformer of another one. */
export function inFrontOf(
  predictor: { readonly port: number },
  options: Partial<ServerOptions> = {},
): { readonly options: Partial<ServerOptions> } {
  return { options: { predictorHost: `127.0.0.1:${predictor.port}`, modelName: "m", ...options } };
}

/** Serves a folder without a predictor module in front of a predictor. */
export async function servePassThrough(
  predictor: { readonly port: number },
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
  predictor: { readonly port: number },
  options: Partial<ServerOptions> = {},
): Promise<TestServer> {
  return servePredictor(source, inFrontOf(predictor, options));
}
