/** Draws bench/results/peers.json as peers.svg: `node bench/peer-plot.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { type PeerResults, peerPlot } from "./peers/peer-plot.ts";

const results = new URL("results/", import.meta.url);
const peers = JSON.parse(readFileSync(new URL("peers.json", results), "utf8")) as PeerResults;
writeFileSync(new URL("peers.svg", results), peerPlot(peers));
