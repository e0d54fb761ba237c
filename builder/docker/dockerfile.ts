import type { BuildPlan, PlannedFile } from "../plan/build-plan.ts";

/** The Dockerfile of a plan, in the classic builder's syntax. */
export function renderDockerfile({ base, layers, image }: BuildPlan): string {
  const { command, intervalMs, timeoutMs, startPeriodMs, retries } = image.healthcheck;
  const pairs = (values: Readonly<Record<string, string>>) =>
    Object.entries(values)
      .map(([name, value]) => `${name}=${JSON.stringify(value).replaceAll("$", "\\$")}`)
      .join(" ");
  // Each instruction after the first that changed costs the classic builder half a second: what is stable comes first.
  return [
    `FROM ${base}`,
    `ENV ${pairs(image.env)}`,
    `WORKDIR ${image.workingDir}`,
    `USER ${image.user}`,
    `EXPOSE ${image.exposedPorts.join(" ")}`,
    `STOPSIGNAL ${image.stopSignal}`,
    `HEALTHCHECK --interval=${intervalMs}ms --timeout=${timeoutMs}ms --start-period=${startPeriodMs}ms --retries=${retries} CMD ${JSON.stringify(command)}`,
    `ENTRYPOINT ${JSON.stringify(image.entrypoint)}`,
    ...layers.map(({ name }) => `COPY ["${name}/", "/"]`),
    `LABEL ${pairs(image.labels)}`,
    "",
  ].join("\n");
}

/** Where a layer's file lies in the context. */
export function contextPath(layer: string, file: PlannedFile): string {
  return `${layer}${file.path}`;
}
