/** What of `bench/results/peers.json` is drawn. */
export interface PeerResults {
  readonly machine: { readonly cores: number; readonly node: string; readonly date: string };
  readonly comparisons: Readonly<
    Record<
      string,
      readonly {
        readonly variant: string;
        readonly connections: number;
        readonly samples: readonly { readonly perSecond: number }[];
      }[]
    >
  >;
}

/** What each comparison is, in words; others are not drawn. */
const TITLES: Readonly<Record<string, string>> = {
  "small-v1": "small V1 JSON",
  "small-v2": "small V2 JSON",
  iris: "iris, ONNX, V2 JSON",
  bin: "602 KB image, V2 binary",
  large: "the same image, V2 JSON",
  "grpc-small": "small V2 over gRPC",
  "grpc-iris": "iris, ONNX, gRPC",
  "grpc-image": "602 KB image, gRPC",
};

const OURS = /^ours/;
const WIDTH = 720;
const LEFT = 150;
const MOST = 470;
const BAR = 14;
const GAP = 4;
const HEAD = 26;

/** Requests a second of every server, by the kind of request, as an SVG: bars as long as their share of the best. */
export function peerPlot({ machine, comparisons }: PeerResults): string {
  const parts: string[] = [];
  let y = 44;
  for (const [name, title] of Object.entries(TITLES)) {
    const all = comparisons[name];
    if (all === undefined) continue;
    const connections = Math.max(...all.map((one) => one.connections));
    const bars = all
      .filter((one) => one.connections === connections)
      .map(({ variant, samples }) => ({ variant, rate: median(samples.map(({ perSecond }) => perSecond)) }))
      .sort((a, b) => b.rate - a.rate);
    const best = bars[0]?.rate ?? 1;
    parts.push(text(8, y + 14, `${title}, ${connections} connections`, 'font-weight="bold"'));
    y += HEAD;
    for (const { variant, rate } of bars) {
      const width = Math.max(1, Math.round((rate / best) * MOST));
      parts.push(
        text(LEFT - 8, y + 11, variant, 'text-anchor="end"'),
        `<rect x="${LEFT}" y="${y}" width="${width}" height="${BAR}" fill="${OURS.test(variant) ? "#1f5fa8" : "#9aa5b1"}"/>`,
        text(LEFT + width + 6, y + 11, rate.toLocaleString("en-US")),
      );
      y += BAR + GAP;
    }
    y += 10;
  }
  const where = `Requests a second, medians; ${machine.cores} cores, Node ${machine.node}, ${machine.date}. Read the ratios.`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" font-family="sans-serif" font-size="12" role="img" aria-label="Requests a second of kserve-ts beside other servers">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    text(8, 22, where),
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function text(x: number, y: number, words: string, more = ""): string {
  const escaped = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x}" y="${y}" fill="#222222" ${more}>${escaped}</text>`;
}
