import type { BuildPlan, ImageSettings } from "../plan/build-plan.ts";
import type { LaidLayer } from "./lay-layer.ts";
import { type ContainerConfig, type HistoryEntry, type ImageConfig, sorted } from "./spec.ts";

const NANOSECONDS = 1_000_000;

/** What each of our layers is, in the image's history. */
const MADE_BY = "kserve-ts build";

/**
 * The configuration of an image: the base's, with our layers and settings. Everything in it comes from its arguments,
 * so that its digest, which is the image's id, is the same wherever and whenever it is built.
 */
export function imageConfig(
  base: ImageConfig,
  { image }: Pick<BuildPlan, "image">,
  layers: readonly LaidLayer[],
  epochSeconds: number,
): ImageConfig {
  const created = new Date(epochSeconds * 1000).toISOString().replace(".000Z", "Z");
  const { architecture, os, variant } = base;
  return {
    created,
    architecture,
    os,
    ...(variant !== undefined && { variant }),
    config: containerConfig(base.config ?? {}, image),
    rootfs: { type: "layers", diff_ids: [...base.rootfs.diff_ids, ...layers.map(({ diffId }) => diffId)] },
    history: [...baseHistory(base), ...layers.map(({ name }) => layerHistory(name, created))],
  };
}

function containerConfig(base: ContainerConfig, image: ImageSettings): ContainerConfig {
  // What a Dockerfile's ENTRYPOINT forgets as well: the base's command would become arguments of ours.
  const {
    Cmd: _cmd,
    OnBuild: _onBuild,
    ArgsEscaped: _escaped,
    Image: _image,
    Hostname: _host,
    ...kept
  } = base;
  const { healthcheck } = image;
  const ports = Object.fromEntries(image.exposedPorts.map((port) => [`${port}/tcp`, {}]));
  return sorted({
    ...kept,
    User: image.user,
    WorkingDir: image.workingDir,
    Env: mergeEnv(base.Env ?? [], image.env),
    Entrypoint: image.entrypoint,
    ExposedPorts: sorted({ ...base.ExposedPorts, ...ports }),
    Labels: sorted({ ...base.Labels, ...image.labels }),
    StopSignal: image.stopSignal,
    Healthcheck: {
      Test: ["CMD", ...healthcheck.command],
      Interval: healthcheck.intervalMs * NANOSECONDS,
      Timeout: healthcheck.timeoutMs * NANOSECONDS,
      StartPeriod: healthcheck.startPeriodMs * NANOSECONDS,
      Retries: healthcheck.retries,
    },
  });
}

/** The base's variables in their order, those that we set replaced; the others of ours behind, by name. */
function mergeEnv(base: readonly string[], ours: Readonly<Record<string, string>>): readonly string[] {
  const left = new Map(Object.entries(sorted(ours)));
  const merged = base.map((line) => {
    const [name = ""] = line.split("=", 1);
    const value = left.get(name);
    left.delete(name);
    return value === undefined ? line : `${name}=${value}`;
  });
  return [...merged, ...[...left].map(([name, value]) => `${name}=${value}`)];
}

/** A history either tells of every layer or is no history: Docker refuses an image where the numbers differ. */
function baseHistory({ history = [], rootfs }: ImageConfig): readonly HistoryEntry[] {
  const layers = history.filter(({ empty_layer }) => empty_layer !== true).length;
  if (layers === rootfs.diff_ids.length) return history;
  return rootfs.diff_ids.map(() => ({ created_by: "base image" }));
}

function layerHistory(name: string, created: string): HistoryEntry {
  return { created, created_by: MADE_BY, comment: name };
}
