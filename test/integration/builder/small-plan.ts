import { createHash } from "node:crypto";
import type { BuildPlan, LayerName } from "../../../builder/plan/build-plan.ts";
import type { BuildEvent, WorkOptions } from "../../../builder/engine.ts";
import { BASE } from "../docker/base-image.ts";

/** Files by their path in the image, by layer. */
export type SmallLayers = Partial<Readonly<Record<LayerName, Readonly<Record<string, string | Uint8Array>>>>>;

const sha256 = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** A plan of few files, for what has nothing to do with their contents. */
export function smallPlan(
  layers: SmallLayers,
  change: Partial<BuildPlan> & { readonly labels?: Readonly<Record<string, string>> } = {},
): BuildPlan {
  const { labels = {}, ...changed } = change;
  const hash = sha256(JSON.stringify([layers, changed, labels]));
  return {
    base: BASE,
    platform: { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" },
    layers: Object.entries(layers).map(([name, files]) => {
      const planned = Object.entries(files).map(([path, contents]) => {
        const bytes = Buffer.from(contents);
        return { path, source: { kind: "bytes" as const, contents: bytes }, executable: false };
      });
      return {
        name: name as LayerName,
        files: planned,
        bytes: planned.reduce((sum, { source }) => sum + source.contents.length, 0),
        hash: sha256(JSON.stringify(files)),
      };
    }),
    image: {
      user: "65532:65532",
      workingDir: "/app",
      env: { NODE_ENV: "production" },
      entrypoint: ["node", "/app/predictor.js"],
      exposedPorts: [8080, 8081],
      labels: { "io.kserve-ts.plan-hash": hash, ...labels },
      stopSignal: "SIGTERM",
      healthcheck: {
        command: ["node", "--version"],
        intervalMs: 30_000,
        timeoutMs: 5_000,
        startPeriodMs: 60_000,
        retries: 3,
      },
    },
    hash,
    warnings: [],
    ...changed,
  };
}

/** Work that keeps its events. */
export function recordedWork(signal: AbortSignal = new AbortController().signal): WorkOptions & {
  readonly events: readonly BuildEvent[];
} {
  const events: BuildEvent[] = [];
  return { signal, report: (event) => void events.push(event), events };
}
