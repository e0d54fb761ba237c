import { join } from "node:path";
import { digestOf } from "../registry/digest.ts";
import type { BuildPlan, PlannedFile, PlannedLayer, Platform } from "./build-plan.ts";
import { type PredictorBundle, bundlePredictor } from "./bundle-predictor.ts";
import { cacheFolder } from "./cache-folder.ts";
import { stageDependencies } from "./dependencies.ts";
import { enginePackages } from "./engines.ts";
import { hashData } from "./hash.ts";
import { IMAGE_PATHS } from "./image-paths.ts";
import { imageSettings } from "./image-settings.ts";
import { includedFiles } from "./included-files.ts";
import { LABELS, imageLabels } from "./labels.ts";
import { fileOfText, makeLayer } from "./layer.ts";
import { modelFiles } from "./model-layer.ts";
import { readManifest } from "./package-folder.ts";
import type { PlanInput, PlanOptions } from "./plan-input.ts";
import { serverFiles } from "./server-layer.ts";

/** What images are laid on, where nothing else is asked for. */
export const DEFAULT_BASE = "node:24-bookworm-slim";

/** Linux on this machine's kind of processor. */
export function ownPlatform(): Platform {
  return { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };
}

/**
 * Plans an image. The same input gives the same plan, whatever folder the project is in and whenever it is planned:
 * the only thing that is run is npm, and only where its result is not kept from an earlier time.
 *
 * @throws KtsError KTS_BUILD_INPUT when the project cannot become an image, and why; KTS_BUILD_FAILED when npm fails
 */
export async function createPlan(input: PlanInput, options: PlanOptions = {}): Promise<BuildPlan> {
  const warnings: string[] = [];
  const warn = (warning: string) => void warnings.push(warning);
  const report = options.report ?? (() => undefined);
  const { base = DEFAULT_BASE, platform = ownPlatform(), compileCache = "image", allowLarge = [] } = options;

  report("bundle", undefined);
  const bundle = await bundleOf(input, options.external ?? []);
  for (const warning of bundle?.warnings ?? []) warn(warning);
  report("model", undefined);
  const model = await modelFiles(input.model, { allowLarge, warn });
  report("dependencies", undefined);
  const engines = await enginePackages(model, { ...input, packageFolder: input.own.packageFolder });
  const imported = (bundle?.externals ?? []).map(({ name, folder }) => [name, folder] as const);
  const { files: dependencies, sbom } = await stageDependencies({
    packages: new Map([...imported, ...engines]),
    projectFolder: input.projectFolder,
    packageFolder: input.own.packageFolder,
    platform,
    cacheFolder: options.cacheFolder ?? cacheFolder(),
    signal: options.signal,
    say: (line) => report("dependencies", line),
    warn,
  });
  const included = await includedFiles(input.projectFolder, {
    include: options.include ?? [],
    allowLarge,
    warn,
  });
  const hasServer = options.baseHasServer === true;
  const layers = await Promise.all([
    makeLayer(
      "server",
      hasServer ? [] : await serverFiles(input.own.imageFolder, compileCache === "package"),
    ),
    makeLayer("dependencies", dependencies),
    makeLayer("model", model),
    makeLayer("predictor", [...predictorFiles(bundle), ...included]),
    makeLayer("config", [fileOfText(`${IMAGE_PATHS.app}/kserve.config.json`, configText(input))]),
  ]).then((made) => made.filter((layer) => layer !== undefined));

  const labels = imageLabels({
    base,
    version: input.own.version,
    modelName: input.modelName,
    modelHash: layers.find(({ name }) => name === "model")?.hash,
    engines: [...engines].map(([name, folder]) => `${name}@${readManifest(folder)?.version}`).sort(),
    own: options.labels ?? {},
  });
  const image = imageSettings({ labels, withCache: compileCache !== "none", ...portsOf(input) });
  const prepare = compileCache === "image" && !hasServer ? prepareCommand(base) : undefined;
  const hash = hashData({ base, platform, layers: layers.map(brief), image, prepare });
  return {
    base,
    platform,
    layers,
    image: {
      ...image,
      // Not part of the hash: what npm lists may differ from one of its versions to the next.
      labels: { ...labels, [LABELS.planHash]: hash, ...(sbom && { [LABELS.sbom]: digestOf(sbom) }) },
    },
    ...(prepare !== undefined && { prepare }),
    ...(sbom !== undefined && { sbom }),
    hash,
    warnings,
  };
}

/** Node's own image has npm, yarn and corepack, which a server has no use for; another base is the user's. */
function prepareCommand(base: string): string[] {
  const remove = base === DEFAULT_BASE ? ["--remove-package-managers"] : [];
  return ["node", `${IMAGE_PATHS.server}/lib/prepare-image.js`, ...remove];
}

function brief({ name, hash }: PlannedLayer) {
  return { name, hash };
}

async function bundleOf(input: PlanInput, external: readonly string[]): Promise<PredictorBundle | undefined> {
  const { predictorPath, projectFolder, own } = input;
  if (predictorPath === undefined) return undefined;
  const contractPath = join(own.imageFolder, "lib/contract.js");
  return bundlePredictor({ projectFolder, predictorPath, contractPath, external });
}

function predictorFiles(bundle: PredictorBundle | undefined): PlannedFile[] {
  if (bundle === undefined) return [];
  return [
    fileOfText(`${IMAGE_PATHS.app}/predictor.js`, bundle.code),
    fileOfText(`${IMAGE_PATHS.app}/predictor.js.map`, bundle.map),
    // Says that the bundle is a module: Node reads it once, not twice to find that out.
    fileOfText(`${IMAGE_PATHS.app}/package.json`, `${JSON.stringify({ private: true, type: "module" })}\n`),
  ];
}

/** What only this machine can know (folders) or only the image (its address) is not in it. */
function configText({ config, modelName }: PlanInput): string {
  const { host: _host, modelDir: _modelDir, ...server } = (config["server"] ?? {}) as Record<string, unknown>;
  const named = { ...server, ...(modelName !== undefined && { modelName }) };
  return `${JSON.stringify({ ...config, server: named }, null, 2)}\n`;
}

function portsOf({ config }: PlanInput): { readonly httpPort: number; readonly grpcPort: number } {
  const { httpPort, grpcPort } = (config["server"] ?? {}) as { httpPort?: number; grpcPort?: number };
  return { httpPort: httpPort || 8080, grpcPort: grpcPort || 8081 };
}
