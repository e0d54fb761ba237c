import { isAbsolute, relative } from "node:path";
import type { ServerOptions } from "../../runtime/options.ts";
import { productVersion } from "../../runtime/product-version.ts";
import type { RunningServer } from "../../runtime/running-server.ts";
import { defaultIntraOpThreads } from "../../runtime/workers/cpus.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Trial } from "./try-it.ts";
import { serverUrls } from "./urls.ts";

/** What a server says of itself once it is ready. */
export interface BannerFacts {
  readonly server: Pick<
    RunningServer,
    "url" | "host" | "port" | "grpcPort" | "playground" | "model" | "models" | "workers"
  >;
  readonly options: Pick<ServerOptions, "intraOpThreads" | "workers">;
  /** Milliseconds from the start of the process until it was ready. */
  readonly readyMs: number;
  readonly trial: Trial;
  /** Paths are shown relative to it. */
  readonly cwd: string;
}

const LABEL_WIDTH = 10;

/** The lines that greet on stdout. */
export function banner(facts: BannerFacts, style: Terminal["style"]): string {
  const { server, readyMs, trial } = facts;
  const urls = serverUrls(server);
  const row = (label: string, text: string) => `  ${style("cyan", label.padEnd(LABEL_WIDTH))}${text}`;
  return [
    style(
      "bold",
      `kserve-ts ${productVersion()} serves ${namesText(server.models)}, ready after ${Math.round(readyMs)} ms`,
    ),
    ...modelRows(facts).map(([label, text]) => row(label, text)),
    row("V1", urls.v1),
    row("V2", urls.v2),
    ...(urls.grpc === undefined ? [] : [row("gRPC", urls.grpc)]),
    ...(server.playground ? [row("browser", urls.playground)] : []),
    row("metrics", urls.metrics),
    row("OpenAPI", urls.openApi),
    row("workers", workersText(facts)),
    ...(urls.listensEverywhere ? [row("listens", `on every interface, port ${server.port}`)] : []),
    "",
    style("bold", trial.kind === "command" ? "Try it:" : "Call it:"),
    `  ${trial.kind === "command" ? trial.command : trial.advice}`,
  ].join("\n");
}

/** More would push the rest off the screen. */
const MOST_MODELS = 8;

function namesText(models: RunningServer["models"]): string {
  const names = [...new Set(models.map(({ name }) => name))];
  return names.length <= 3 ? names.join(", ") : `${names.length} models`;
}

function modelRows({ server: { models }, cwd }: BannerFacts): (readonly [label: string, text: string])[] {
  const [first, ...others] = models;
  if (first === undefined) return [];
  if (others.length === 0) return [["model", servedBy(first, cwd)]];
  const rows = models.slice(0, MOST_MODELS).map((model, index) => {
    return [index === 0 ? "models" : "", `${model.name}: ${servedBy(model, cwd)}`] as const;
  });
  const more = models.length - rows.length;
  return more > 0 ? [...rows, ["", `and ${more} more: GET /v2/repository/index lists them`]] : rows;
}

/** The engine, the predictor, or both, with their files; in transformer mode what is behind it. */
function servedBy(model: RunningServer["model"], cwd: string): string {
  const { predictorPath, modelFile, remote } = model.source;
  const predictor = predictorPath === undefined ? undefined : shortPath(predictorPath, cwd);
  const { platform } = model.info;
  if (remote !== undefined) {
    const behind = `the predictor at ${remote.url} (${remote.protocol})`;
    return predictor === undefined ? behind : `${predictor} in front of ${behind}`;
  }
  if (platform === HANDWRITTEN || modelFile === undefined) return `${predictor} (handwritten)`;
  const engine = `${shortPath(modelFile, cwd)} (${platform})`;
  return predictor === undefined ? engine : `${predictor} with ${engine}`;
}

/** A ModelInfo's platform where no engine has part in it. */
const HANDWRITTEN = "kserve-ts";

function workersText({ server, options }: BannerFacts): string {
  if (server.model.info.execution === "inline") return "none: it runs inline, on the server's own thread";
  const count = `${server.workers}`;
  if (server.model.info.platform === HANDWRITTEN) return count;
  const threads = options.intraOpThreads ?? defaultIntraOpThreads(options.workers);
  return `${count} x ${threads} engine ${threads === 1 ? "thread" : "threads"}`;
}

/** A path relative to the working directory where it lies within. */
export function shortPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith("..") || isAbsolute(short) ? path : short;
}
