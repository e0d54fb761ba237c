import type { Application } from "express";
import type { ExtendApp } from "./control-app.ts";
import type { InferenceServices } from "./inference-services.ts";
import type { Playground, PlaygroundParts } from "../playground/playground.ts";
import { productVersion } from "../product-version.ts";
import type { EventLoopMonitor } from "../telemetry/event-loop.ts";
import { MetricsPage } from "../telemetry/exposition.ts";

/** The Express application, made once, when it is first asked for. */
export function lazyApp(
  services: InferenceServices,
  project: Pick<PlaygroundParts, "served" | "codeWatch">,
  eventLoop: () => EventLoopMonitor | undefined,
  extend: ExtendApp | undefined,
): () => Promise<Application> {
  let app: Promise<Application> | undefined;
  const create = async () => {
    const { createControlApp } = await import("./control-app.ts");
    const metricsPage = new MetricsPage({
      models: () => services.plane.models,
      eventLoop,
      payloadCounts: () => services.payloadLog?.counts,
      log: services.log,
    });
    const shown = { ...services, metricsPage, productVersion: productVersion() };
    return createControlApp(
      { ...shown, playground: await createPlayground({ ...shown, ...project }) },
      extend,
    );
  };
  return () => (app ??= create());
}

/** The playground, where it is asked for. */
async function createPlayground(
  parts: Omit<PlaygroundParts, "recent"> & Pick<InferenceServices, "recent">,
): Promise<Playground | undefined> {
  const { recent } = parts;
  if (recent === undefined) return undefined;
  const { Playground: Class } = await import("../playground/playground.ts");
  return new Class({ ...parts, recent });
}
