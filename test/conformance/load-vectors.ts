import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import type { Vector } from "./vector.ts";

const FOLDER = fileURLToPath(new URL("./vectors", import.meta.url));

/** The vectors of a file, which is a list of them. */
export interface VectorFile {
  /** Relative to the folder of the vectors, without `.json`. */
  readonly file: string;
  readonly vectors: readonly Vector[];
}

/** All vectors, by file. */
export function loadVectors(): VectorFile[] {
  return readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json"))
    .sort()
    .map((path) => ({
      file: path.slice(0, -".json".length),
      vectors: JSON.parse(readFileSync(join(FOLDER, path), "utf8")) as Vector[],
    }));
}
