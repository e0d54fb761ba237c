import type { ImageInspectInfo } from "dockerode";
import { access } from "node:fs/promises";
import { type ImageFacts, describeImage } from "../inspect.ts";
import { instructionOf } from "../layer-names.ts";
import {
  type DescriptorPlatform,
  type HistoryEntry,
  type ImageConfig,
  MEDIA_TYPES,
  documentBytes,
} from "../oci/spec.ts";
import { connectEngine } from "./client.ts";
import { findEndpoint } from "./endpoint.ts";
import { type Step, stepsOf } from "./history.ts";
import { inspectImage } from "./pull-base.ts";

/** How an image of an engine is looked for. */
export interface LocalOptions {
  /** Names the engine, as for `connectEngine`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What it must run on. Undefined: whatever the engine has. */
  readonly platform: DescriptorPlatform | undefined;
  readonly signal: AbortSignal;
}

/** Instructions that may make a layer without a byte in it: WORKDIR makes one where the folder was not there. */
const MAY_MAKE_LAYER: readonly string[] = ["COPY", "ADD", "RUN", "WORKDIR"];

/**
 * What an image of the Docker engine says of itself. Undefined where there is no engine, or it has no such image.
 * Sizes are those of the unpacked layers, as the engine counts them.
 */
export async function inspectLocal(name: string, options: LocalOptions): Promise<ImageFacts | undefined> {
  const found = await askEngine(name, options).catch((error: unknown) => {
    // Whatever is wrong with an engine that nobody named is no reason not to ask the registry.
    if (options.signal.aborted) throw error;
    return undefined;
  });
  if (found === undefined) return undefined;
  const { info, history, url } = found;
  const { platform } = options;
  if (platform !== undefined && (platform.os !== info.Os || platform.architecture !== info.Architecture)) {
    return undefined;
  }
  const diffIds = info.RootFS.Layers ?? [];
  const steps = withEmptyLayers(history, diffIds.length);
  const sizes = steps.filter(({ empty_layer }) => empty_layer !== true).map(({ bytes }) => bytes);
  const config = configOf(info, steps);
  return describeImage(
    {
      name,
      reference: undefined,
      descriptor: undefined,
      configDescriptor: { mediaType: MEDIA_TYPES.config, digest: info.Id, size: 0 },
      configBytes: documentBytes(config),
      config,
      annotations: {},
      platforms: [],
      layers: diffIds.map((diffId, at) => {
        const size = sizes.length === diffIds.length ? sizes[at] : undefined;
        const tar = { mediaType: MEDIA_TYPES.layerTar, digest: diffId };
        return {
          descriptor: size === undefined ? undefined : { ...tar, size },
          diffId,
          open: () => Promise.reject(new Error("layers of an engine are not read")),
        };
      }),
    },
    `the Docker engine at ${url}`,
  );
}

async function askEngine(name: string, { env, signal }: LocalOptions) {
  const { options } = await findEndpoint(env);
  // Most machines without an engine are told apart by this, without loading its client.
  if (options.socketPath !== undefined) await access(options.socketPath);
  const { docker, endpoint } = await connectEngine(env, signal);
  const info = await inspectImage(docker, name);
  if (info === undefined) return undefined;
  return { info, history: await stepsOf(docker, info.Id), url: endpoint.url };
}

/** The engine does not say which steps made a layer: the sizes do, but for layers without a byte. */
function withEmptyLayers(steps: readonly Step[], layers: number): readonly Step[] {
  const marked = (mayMakeLayer: readonly string[]) =>
    steps.map((step) => {
      const isLayer = step.bytes > 0 || mayMakeLayer.includes(instructionOf(step));
      return { ...step, empty_layer: !isLayer };
    });
  const guesses = [MAY_MAKE_LAYER, MAY_MAKE_LAYER.filter((word) => word !== "WORKDIR"), []].map(marked);
  const fits = (guess: readonly HistoryEntry[]) =>
    guess.filter(({ empty_layer }) => empty_layer !== true).length === layers;
  return guesses.find(fits) ?? [];
}

function configOf(info: ImageInspectInfo, history: readonly HistoryEntry[]): ImageConfig {
  const { Entrypoint: entrypoint, Cmd: command } = info.Config;
  return {
    architecture: info.Architecture,
    os: info.Os,
    created: info.Created,
    rootfs: { type: "layers", diff_ids: info.RootFS.Layers ?? [] },
    history,
    config: {
      User: info.Config.User,
      WorkingDir: info.Config.WorkingDir,
      Labels: info.Config.Labels ?? {},
      ExposedPorts: info.Config.ExposedPorts ?? {},
      Entrypoint: typeof entrypoint === "string" ? [entrypoint] : (entrypoint ?? []),
      Cmd: command ?? [],
    },
  };
}
