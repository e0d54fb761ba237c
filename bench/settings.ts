import { parseArgs } from "node:util";
import type { OwnServer } from "./servers/kinds.ts";
import { SECTIONS, type SectionName } from "./sections.ts";

/** How thoroughly to measure. */
export interface BenchSettings {
  readonly sections: readonly SectionName[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly connections: readonly number[];
  /** Starts of each server, for the cold start. */
  readonly starts: number;
  /** Requests of the soak. */
  readonly soakRequests: number;
  readonly own: OwnServer;
}

const FULL = { rounds: 5, seconds: 2, warmUpSeconds: 3, connections: [1, 8, 32], starts: 15 };
const QUICK = { rounds: 3, seconds: 1, warmUpSeconds: 2, connections: [8, 32], starts: 7 };
const SOAK_REQUESTS = 100_000;

export const USAGE = `Usage: npm run bench -- [options]

  --quick             1 s windows, 3 rounds, 8 and 32 connections, 7 starts
  --only a,b          only these sections: ${SECTIONS.join(", ")}
  --rounds N          rounds of each measurement (${FULL.rounds})
  --seconds S         length of a window (${FULL.seconds})
  --connections a,b   connections (${FULL.connections.join(",")})
  --soak N            requests of the soak (${SOAK_REQUESTS})
  --server dist|source  the built server, or its sources (dist)
`;

/** The settings that a command line asks for. @throws Error when it cannot be understood */
export function settingsFrom(args: readonly string[]): BenchSettings | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      only: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      connections: { type: "string" },
      soak: { type: "string" },
      server: { type: "string", default: "dist" },
    },
  });
  if (values.help) return "help";
  const base = values.quick ? QUICK : FULL;
  return {
    ...base,
    sections: values.only === undefined ? SECTIONS : oneOf(values.only.split(","), SECTIONS, "--only"),
    rounds: positive(values.rounds ?? base.rounds, "--rounds"),
    seconds: positive(values.seconds ?? base.seconds, "--seconds"),
    connections:
      values.connections?.split(",").map((text) => positive(text, "--connections")) ?? base.connections,
    soakRequests: positive(values.soak ?? SOAK_REQUESTS, "--soak"),
    own: oneOf([values.server], ["dist", "source"] as const, "--server")[0] as OwnServer,
  };
}

function positive(value: string | number, flag: string): number {
  const number = Number(value);
  if (number > 0) return number;
  throw new Error(`${flag} is ${JSON.stringify(value)}, expected a number above 0`);
}

function oneOf<Name extends string>(
  names: readonly string[],
  allowed: readonly Name[],
  flag: string,
): Name[] {
  for (const name of names) {
    if (!allowed.includes(name as Name)) throw new Error(`${flag}: ${name} is none of ${allowed.join(", ")}`);
  }
  return names as Name[];
}
