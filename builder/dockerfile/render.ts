import type { BuildPlan, LayerName, PlannedFile } from "../plan/build-plan.ts";
import { LABELS } from "../plan/labels.ts";

/** What each layer is, for whoever reads the Dockerfile. */
const WHAT: Readonly<Record<LayerName, string>> = {
  server: "The server of kserve-ts.",
  dependencies: "The packages that the predictor's bundle leaves out, for this platform.",
  model: "The model.",
  predictor: "The predictor, in one file.",
  config: "kserve.config, as it was evaluated, with the model's name.",
};

/**
 * The Dockerfile of a plan, for a classic builder and BuildKit alike. Its context has a folder for each layer with the
 * layer's files at their paths in the image: see {@link contextPath}.
 */
export function renderDockerfile({ base, layers, image, prepare }: BuildPlan): string {
  const copy = ({ name }: { readonly name: LayerName }) => ["", `# ${WHAT[name]}`, `COPY ["${name}/", "/"]`];
  const server = layers.filter(({ name }) => name === "server");
  const others = layers.filter(({ name }) => name !== "server");
  const { command, intervalMs, timeoutMs, startPeriodMs, retries } = image.healthcheck;
  const times = `--interval=${intervalMs}ms --timeout=${timeoutMs}ms --start-period=${startPeriodMs}ms`;
  // Every instruction after the first that changed takes the classic builder half a second, be it empty: the settings
  // stand above what is volatile.
  const lines = [
    `FROM ${base}`,
    ...server.flatMap(copy),
    ...(prepare !== undefined && server.length > 0 ? ["USER 0:0", `RUN ${JSON.stringify(prepare)}`] : []),
    "",
    ...instruction("ENV", image.env),
    `WORKDIR ${image.workingDir}`,
    `USER ${image.user}`,
    `EXPOSE ${image.exposedPorts.join(" ")}`,
    `STOPSIGNAL ${image.stopSignal}`,
    `HEALTHCHECK ${times} --retries=${retries} CMD ${JSON.stringify(command)}`,
    `ENTRYPOINT ${JSON.stringify(image.entrypoint)}`,
    "CMD []",
    ...others.flatMap(copy),
    "",
    ...instruction("LABEL", {
      ...image.labels,
      // Docker's own history tells of a COPY only by a hash.
      [LABELS.layers]: [...server, ...others].map(({ name }) => name).join(" "),
    }),
  ];
  return `${lines.join("\n")}\n`;
}

/** Where a layer's file lies in the context of the Dockerfile. */
export function contextPath(layer: LayerName, { path }: PlannedFile): string {
  return `${layer}${path}`;
}

/** One instruction for all values: each takes the classic builder half a second. */
export function instruction(name: "ENV" | "LABEL", values: Readonly<Record<string, string>>): string[] {
  const pairs = Object.entries(values).map(([key, value]) => `${key}=${quoted(value)}`);
  return pairs.length === 0 ? [] : [`${name} ${pairs.join(" \\\n    ")}`];
}

/** A Dockerfile's own quotes: variables are put in within them, and a line ends them. */
function quoted(value: string): string {
  return `"${value.replaceAll(/[\\"$]/g, "\\$&").replaceAll(/\r?\n/g, " ")}"`;
}
