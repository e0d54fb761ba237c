import { resolve } from "node:path";
import { connectEngine } from "../../builder/docker/client.ts";
import { lastBuilt } from "../../builder/docker/last-built.ts";
import { inspectImage } from "../../builder/docker/pull-base.ts";
import { ProvenContainer } from "../../builder/proof/container.ts";
import { KtsError, messageOf } from "../../contract/errors.ts";
import { pairsOf } from "../build/plan-options.ts";
import type { RunOptions } from "../commands/run.ts";
import { stopSignal } from "../serve/stop-signals.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Ports of the server within an image. */
export const HTTP_PORT = 8080;
export const GRPC_PORT = 8081;

/** Lines of its log that the error shows when it ends by itself. */
const LAST_LINES = 20;

/**
 * Runs an image until a signal comes or it ends by itself; then the container is removed.
 * @throws KtsError KTS_IMAGE_NOT_FOUND, KTS_ENGINE_UNREACHABLE, KTS_PORT_IN_USE; KTS_PROOF_FAILED when it ends by itself
 */
export async function runImage(name: string, options: RunOptions, terminal: Terminal): Promise<number> {
  const stopped = stopSignal();
  const { docker } = await connectEngine(process.env, new AbortController().signal);
  const image = name === "" ? await lastBuilt(docker) : name;
  if ((await inspectImage(docker, image)) === undefined) {
    throw new KtsError("KTS_IMAGE_NOT_FOUND", `the engine has no image ${image}`, {
      hint: "Build it with kserve-ts build, or fetch it with docker pull.",
    });
  }
  const isJson = options.output === "json";
  const show = ({ text }: { readonly text: string }) =>
    isJson ? terminal.complain(text) : terminal.print(text);
  await using container = await start(docker, image, options, show);
  const first = await Promise.race([container.saysReady, container.exit, stopped]);
  if (first instanceof Date) {
    await announce(container, image, isJson, terminal);
    const end = await Promise.race([container.exit, stopped]);
    if (typeof end !== "string") throw await endedByItself(container, image, end);
  } else if (typeof first !== "string") throw await endedByItself(container, image, first);
  await container.stop(options.graceSeconds);
  return 0;
}

type Docker = Awaited<ReturnType<typeof connectEngine>>["docker"];

async function start(
  docker: Docker,
  image: string,
  { httpPort, grpcPort, modelDir, memoryMib, env }: RunOptions,
  show: (line: { readonly text: string }) => void,
): Promise<ProvenContainer> {
  try {
    return await ProvenContainer.start(
      docker,
      {
        image,
        memoryBytes: memoryMib * 1024 * 1024,
        modelFolder: modelDir === undefined ? undefined : resolve(modelDir),
        env: pairsOf(env, "--env"),
        ports: { [HTTP_PORT]: httpPort, [GRPC_PORT]: grpcPort },
      },
      show,
    );
  } catch (error) {
    if (!/port is already allocated|address already in use/.test(messageOf(error))) throw error;
    throw new KtsError("KTS_PORT_IN_USE", `port ${httpPort} or ${grpcPort} is in use`, {
      cause: error,
      hint: "Choose others with --http-port and --grpc-port; 0 takes a free one.",
    });
  }
}

async function announce(
  container: ProvenContainer,
  image: string,
  isJson: boolean,
  terminal: Terminal,
): Promise<void> {
  const { http, grpc } = await portsOf(container);
  if (isJson)
    return terminal.print(JSON.stringify({ kind: "ready", image, container: container.id, http, grpc }));
  const row = (label: string, text: string) => `  ${terminal.style("cyan", label.padEnd(10))}${text}`;
  terminal.print(terminal.style("bold", `${image} runs as in a cluster; from here:`));
  terminal.print([row("HTTP", http), row("gRPC", grpc), row("stop", "Ctrl-C")].join("\n"));
}

/** Where the server of a container that publishes its ports is reached from here: a URL, and gRPC's address. */
export async function portsOf(container: ProvenContainer): Promise<{ http: string; grpc: string }> {
  const { NetworkSettings: network } = await container.inspect();
  const at = (port: number) => `127.0.0.1:${network.Ports[`${port}/tcp`]?.[0]?.HostPort ?? ""}`;
  return { http: `http://${at(HTTP_PORT)}`, grpc: at(GRPC_PORT) };
}

/** The failure of a container that should have gone on. */
export async function endedByItself(
  container: ProvenContainer,
  image: string,
  { code, isOutOfMemory }: { readonly code: number; readonly isOutOfMemory: boolean },
): Promise<KtsError> {
  const lines = (await container.lastLines(LAST_LINES)).map((line) => `\n  ${line}`).join("");
  const how = isOutOfMemory ? "used more memory than it may, and was killed" : `ended with exit code ${code}`;
  return new KtsError("KTS_PROOF_FAILED", `${image} ${how}${lines}`, {
    hint: isOutOfMemory ? "Give it more: --memory-mib." : "Its last lines say what went wrong.",
  });
}
