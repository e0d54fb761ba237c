import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { KtsError, messageOf } from "../contract/errors.ts";
import { digestOf } from "./registry/digest.ts";

/** Of a list of packages, what we look at. The rest is kept as npm wrote it. */
interface Bom {
  readonly serialNumber?: string;
  readonly metadata?: {
    readonly timestamp?: string;
    readonly tools?: readonly { readonly version?: string }[];
    readonly component?: Component;
  };
  readonly components?: readonly Component[];
  readonly dependencies?: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

interface Component {
  readonly "bom-ref"?: string;
  readonly name?: string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

const MOST_BYTES = 64 * 1_048_576;

/**
 * Lists what is installed in a folder as CycloneDX JSON, by the npm of this machine. Whatever differs from run to run
 * or from machine to machine is taken out or made from the contents: times, the serial number, paths, npm's version.
 * @param folder with the package.json, and the node_modules that go into the image
 * @throws KtsError KTS_BUILD_INPUT with npm's own words
 */
export async function createSbom(folder: string, signal: AbortSignal): Promise<Uint8Array> {
  const args = ["sbom", "--sbom-format=cyclonedx", "--sbom-type=application", "--omit=dev"];
  let text: string;
  try {
    const options = { cwd: folder, signal, maxBuffer: MOST_BYTES };
    ({ stdout: text } = await promisify(execFile)("npm", args, options));
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const said = npmsReason(String((error as { stderr?: unknown }).stderr ?? "")) ?? messageOf(error);
    throw new KtsError("KTS_BUILD_INPUT", `The dependencies cannot be listed: ${said}`, {
      cause: error,
      hint: "npm sbom in the folder of package.json says what is wrong with them.",
    });
  }
  return normalSbom(text);
}

/** What npm says is wrong: not its warnings, nor the code in front of it. */
function npmsReason(stderr: string): string | undefined {
  const lines = stderr.split("\n").map((line) => line.trim());
  return lines.find((line) => /^npm error (?!code )\S/i.test(line))?.replace(/^npm error /i, "npm: ");
}

/** The same list for the same packages, whenever and wherever npm wrote it. */
export function normalSbom(text: string): Uint8Array {
  const {
    serialNumber: _number,
    metadata,
    components = [],
    dependencies = [],
    ...rest
  } = JSON.parse(text) as Bom;
  const { timestamp: _time, tools = [], component, ...facts } = metadata ?? {};
  const contents = {
    ...rest,
    metadata: {
      ...facts,
      tools: tools.map(({ version: _version, ...tool }) => tool),
      ...(component !== undefined && { component: withoutPaths(named(component)) }),
    },
    components: components.map(withoutPaths).sort((a, b) => order(a["bom-ref"], b["bom-ref"])),
    dependencies: dependencies
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: [...dependsOn].sort(order) }))
      .sort((a, b) => order(a.ref, b.ref)),
  };
  const serialNumber = `urn:uuid:${uuidOf(digestOf(JSON.stringify(contents)))}`;
  return new TextEncoder().encode(JSON.stringify({ ...contents, serialNumber }));
}

/** npm calls the root by its folder; its reference has the name that package.json gives it. */
function named(root: Component): Component {
  const name = /^(.+)@/.exec(root["bom-ref"] ?? "")?.[1];
  return name === undefined ? root : { ...root, name };
}

/** npm notes where a package lies, from its root; for the root itself, where that was on this machine. */
function withoutPaths(component: Component): Component {
  const { properties = [] } = component;
  return { ...component, properties: properties.filter(({ value }) => !value.startsWith("/")) };
}

/** A UUID (version 8: made by a rule of our own) from a digest. */
function uuidOf(digest: string): string {
  const hex = digest.slice("sha256:".length);
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
  ];
  return [...parts, hex.slice(20, 32)].join("-");
}

function order(a = "", b = ""): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
