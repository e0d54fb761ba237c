import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type PeerResults, peerPlot } from "../../bench/peers/peer-plot.ts";
import { ROOT } from "./documents.ts";

it("bench/results/peers.svg shows what peers.json says", async () => {
  const [json, svg] = await Promise.all(
    ["json", "svg"].map((ending) => readFile(join(ROOT, `bench/results/peers.${ending}`), "utf8")),
  );
  const results = JSON.parse(json ?? "") as PeerResults;
  expect(svg === peerPlot(results), "stale: run `node bench/peer-plot.ts`").toBe(true);
  for (const words of ["ours, worker", "ours, inline", "kserve", "fastapi"])
    expect(svg).toContain(`>${words}<`);
});
