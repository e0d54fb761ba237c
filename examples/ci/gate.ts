/**
 * Measures how often a served model is right, and ends with 1 where that is too seldom:
 * `node gate.ts FOLDER LABELLED.json --min-accuracy 0.9`. The file has a list of `{ "instance": ..., "label": ... }`.
 */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { InferenceClient } from "kserve-ts/client";
import { createServer } from "kserve-ts/runtime";

interface Labelled {
  readonly instance: unknown;
  readonly label: unknown;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { "min-accuracy": { type: "string", default: "0.95" } },
});
const [folder = ".", file = "labelled.json"] = positionals;
const minAccuracy = Number(values["min-accuracy"]);
const labelled = JSON.parse(await readFile(file, "utf8")) as readonly Labelled[];

await using server = await createServer({
  folder,
  options: { httpPort: 0, enableGrpc: false, logLevel: "error" },
});
using client = new InferenceClient(server.url);
const [model = ""] = await client.models();
const predictions = await client.predict<unknown[]>(
  model,
  labelled.map(({ instance }) => instance),
);

const right = predictions.filter((prediction, at) => prediction === labelled[at]?.label).length;
const accuracy = right / labelled.length;
console.log(
  `${right} of ${labelled.length} are right: accuracy ${accuracy.toFixed(3)}, at least ${minAccuracy} is wanted`,
);
process.exitCode = accuracy >= minAccuracy ? 0 : 1;
