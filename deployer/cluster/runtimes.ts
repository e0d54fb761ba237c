import { listOf, membersOf, numberOf, textOf } from "../members.ts";
import type { KubeObject } from "./cluster.ts";

/** A ServingRuntime or ClusterServingRuntime, as far as a model's choice of one goes. */
export interface RuntimeFacts {
  readonly name: string;
  /** Whether it is the namespace's own: those are taken before the cluster's. */
  readonly isNamespaced: boolean;
  /** Whether KServe may take it for one model on one node at all. */
  readonly isUsable: boolean;
  readonly formats: readonly RuntimeFormat[];
  /** Empty: it declares none, and KServe asks for none. */
  readonly protocols: readonly string[];
  /** The port that MLServer listens on, where it is one and its manifest says so. */
  readonly mlserverPort?: number;
}

/** A format that a runtime serves. */
export interface RuntimeFormat {
  readonly name: string;
  readonly version?: string;
  /** Whether KServe takes the runtime by itself. */
  readonly isAuto: boolean;
  readonly priority?: number;
}

/** What a model asks of its runtime. */
export interface RuntimeWish {
  readonly format: string;
  readonly formatVersion?: string;
  readonly protocol: string;
  /** A runtime by its name. */
  readonly runtime?: string;
}

/** The container that answers; KServe merges the model's settings into it. */
const SERVER_CONTAINER = "kserve-container";

/** What a manifest says of a runtime. */
export function runtimeFacts(object: KubeObject, isNamespaced: boolean): RuntimeFacts {
  const spec = membersOf(object["spec"]);
  const protocols = spec["protocolVersions"];
  const mlserverPort = mlserverPortOf(spec["containers"]);
  return {
    name: object.metadata.name,
    isNamespaced,
    isUsable: spec["disabled"] !== true && spec["multiModel"] !== true && spec["workerSpec"] === undefined,
    formats: listOf(spec["supportedModelFormats"]).map((format) => {
      const version = textOf(format["version"]);
      const priority = numberOf(format["priority"]);
      return {
        name: String(format["name"]),
        isAuto: format["autoSelect"] === true,
        ...(version !== undefined && { version }),
        ...(priority !== undefined && { priority }),
      };
    }),
    protocols: Array.isArray(protocols) ? protocols.map(String) : [],
    ...(mlserverPort !== undefined && { mlserverPort }),
  };
}

/** No other server than MLServer reads the variable. */
function mlserverPortOf(containers: unknown): number | undefined {
  const container = listOf(containers).find(({ name }) => name === SERVER_CONTAINER);
  const variable = listOf(container?.["env"]).find(({ name }) => name === "MLSERVER_HTTP_PORT");
  const port = Number(textOf(variable?.["value"]));
  return Number.isInteger(port) && port > 0 ? port : undefined;
}

/**
 * The runtimes of which KServe takes one: the one that is named, else those that have the format and the protocol, the
 * namespace's own first, and of those the ones of the highest priority. Which of several it is goes by when they were
 * made.
 */
export function runtimesFor(runtimes: readonly RuntimeFacts[], wish: RuntimeWish): readonly RuntimeFacts[] {
  const { runtime, format } = wish;
  if (runtime !== undefined) return firstOf(runtimes.filter(({ name }) => name === runtime));
  const fitting = firstOf(runtimes.filter((each) => fits(each, wish)));
  // KServe goes by the first entry of the format, whatever its version.
  const priorityOf = ({ formats }: RuntimeFacts): number =>
    formats.find(({ name }) => name === format)?.priority ?? -Infinity;
  const highest = Math.max(...fitting.map(priorityOf));
  return fitting.filter((each) => priorityOf(each) === highest);
}

/** The namespace's own where there are any. */
function firstOf(runtimes: readonly RuntimeFacts[]): readonly RuntimeFacts[] {
  const own = runtimes.filter(({ isNamespaced }) => isNamespaced);
  return own.length > 0 ? own : runtimes;
}

function fits(
  { isUsable, formats, protocols }: RuntimeFacts,
  { format, formatVersion, protocol }: RuntimeWish,
): boolean {
  const hasFormat = formats.some(
    ({ name, version, isAuto }) =>
      isAuto && name === format && (formatVersion === undefined || version === formatVersion),
  );
  return isUsable && hasFormat && (protocols.length === 0 || protocols.includes(protocol));
}
