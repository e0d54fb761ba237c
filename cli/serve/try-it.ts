import { readFile, readdir, stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { v1Example } from "../../runtime/http/openapi-examples.ts";
import type { ModelInfo } from "../../runtime/pipeline/executor.ts";
import type { RunningServer } from "../../runtime/running-server.ts";
import { shellWord } from "../terminal/shell-word.ts";
import { protocolOfBody } from "../body-protocol.ts";
import { serverUrls } from "./urls.ts";

/** How to ask the model something: a command that works, or what it takes to write one. */
export type Trial =
  | { readonly kind: "command"; readonly command: string }
  | { readonly kind: "advice"; readonly advice: string };

/** Longer bodies make no line to paste. */
const LONGEST_BODY = 200;

/** Larger files are hardly an example, and would have to be read before the banner shows. */
const LARGEST_EXAMPLE_BYTES = 1_048_576;

/**
 * A `curl` line that the model answers: with a file of the folder's `examples`, a V1 body before a V2 one, else with
 * zeros of the signature where they are short. Advice where neither is there, since a body that is made up would most
 * likely be refused.
 *
 * @param served the served folder, or the file in it
 * @param cwd where the line will be pasted
 */
export async function tryIt(
  server: Pick<RunningServer, "url" | "host" | "port" | "grpcPort" | "model">,
  served: string,
  cwd: string,
): Promise<Trial> {
  const urls = serverUrls(server);
  const example = await findExample(resolve(cwd, served));
  if (example !== undefined) {
    return curl(urls[example.protocol], `@${relative(cwd, example.path)}`);
  }
  const zeros = JSON.stringify(v1Example(server.model));
  if (zeros !== undefined && zeros.length <= LONGEST_BODY) return curl(urls.v1, zeros);
  return {
    kind: "advice",
    advice: `POST {"instances": [...]} to the V1 URL; ${instanceText(server.model.info)}`,
  };
}

function curl(url: string, data: string): Trial {
  const command = `curl -s ${shellWord(url)} -H 'Content-Type: application/json' -d ${shellWord(data)}`;
  return { kind: "command", command };
}

function instanceText({ takesTensors, inputs }: ModelInfo): string {
  if (!takesTensors) return "what an instance is, the predictor says";
  const texts = inputs.map(({ name, datatype, shape }) => ({
    name,
    text: `${datatype} of shape [${shape.slice(1).join(", ")}]`,
  }));
  const [only] = texts;
  if (texts.length === 1) return `an instance is ${only?.text}`;
  return `an instance is an object with ${texts.map(({ name, text }) => `${name} (${text})`).join(", ")}`;
}

interface ExampleFile {
  readonly path: string;
  readonly protocol: "v1" | "v2";
}

/** The first V1 example by name, else the first V2 one. */
async function findExample(served: string): Promise<ExampleFile | undefined> {
  const folder = (await isFile(served)) ? dirname(served) : served;
  let second: ExampleFile | undefined;
  for (const path of await jsonFiles(join(folder, "examples"))) {
    const protocol = await protocolOf(path);
    if (protocol === "v1") return { path, protocol };
    if (protocol === "v2") second ??= { path, protocol };
  }
  return second;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function jsonFiles(folder: string): Promise<readonly string[]> {
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
    return names.sort().map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** Undefined where the file is no request, or too large to look into. */
async function protocolOf(path: string): Promise<"v1" | "v2" | undefined> {
  try {
    if ((await stat(path)).size > LARGEST_EXAMPLE_BYTES) return undefined;
    const body: unknown = JSON.parse(await readFile(path, "utf8"));
    return Array.isArray(body) ? undefined : protocolOfBody(body);
  } catch {
    return undefined;
  }
}
