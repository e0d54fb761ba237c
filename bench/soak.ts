/** The soak alone: `node bench/soak.ts [requests]`. */
import { LoadProcess } from "./load/load-process.ts";
import { measureSoak } from "./measure/soak.ts";
import { isBuilt } from "./servers/kinds.ts";
import { canPin, LOAD_CORE, SERVER_CORE } from "./servers/pinning.ts";

const REQUESTS = 100_000;

const pinned = canPin();
await using load = await LoadProcess.start(pinned ? LOAD_CORE : undefined);
const options = { own: isBuilt() ? "dist" : "source", core: pinned ? SERVER_CORE : undefined } as const;
const results = await measureSoak(
  Number(process.argv[2] ?? REQUESTS),
  load,
  options,
  (variant, sent, residentMb) => console.log(`${variant}: ${sent} requests, ${Math.round(residentMb)} MB`),
);
for (const { variant, slopeMb, maxToMin, seconds } of results) {
  const growth = `${slopeMb.toFixed(2)} MB per 10,000 requests after the first 20,000`;
  console.log(`${variant}: ${growth}, largest / smallest ${maxToMin.toFixed(2)}, ${Math.round(seconds)} s`);
}
