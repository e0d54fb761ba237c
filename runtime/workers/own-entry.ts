/** Whether this is the source tree, not the bundle. */
export const RUNS_FROM_SOURCE = import.meta.url.endsWith(".ts");

/**
 * Where each entry lies: in the source tree, and beside the chunk this file ends up in. The worker has a bundle and
 * a folder of its own, with its own copies of what predictors import: split together with the rest it would be three
 * times as many files, and finding and linking them is most of what its start takes.
 */
const ENTRIES = {
  worker: ["./worker-entry.ts", "./worker/worker.js"],
  contract: ["../../contract/index.ts", "./contract.js"],
  client: ["../../client/index.ts", "./client.js"],
} as const;

/** The URL of one of our own entry points, whether we run from source or from the bundle. */
export function ownEntry(name: keyof typeof ENTRIES): string {
  const [source, bundled] = ENTRIES[name];
  return new URL(RUNS_FROM_SOURCE ? source : bundled, import.meta.url).href;
}
