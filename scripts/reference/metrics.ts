import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "../../runtime/index.ts";
import { type Table, code } from "./markdown-table.ts";

/** Predicts and explains, and is a version of its model, so that every label appears. */
const PREDICTOR = `
export const predict = (_model, input) => input;
export const explain = (_model, input) => input;
`;

/** The metrics of a server that has answered, as its `/metrics` has them: name, type, labels, help. */
export async function metricsTable(): Promise<Table> {
  const text = await readMetrics();
  const found = new Map<string, { type: string; help: string; labels: Set<string> }>();
  for (const line of text.split("\n")) {
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind !== undefined) {
      const metric = found.get(name) ?? { type: "", help: "", labels: new Set() };
      found.set(name, { ...metric, ...(kind === "HELP" ? { help: rest } : { type: rest }) });
      continue;
    }
    const [, sample = "", labels = ""] = /^([\w:]+)\{(.*)\} /.exec(line) ?? [];
    const metric = found.get(sample) ?? found.get(sample.replace(/_(?:bucket|sum|count)$/, ""));
    for (const [, label = ""] of labels.matchAll(/(\w+)="/g)) if (label !== "le") metric?.labels.add(label);
  }
  const ours = [...found].filter(([name]) => /^(?:request|kserve_ts)_/.test(name));
  const rows = ours.map(([name, { type, help, labels }]) => [
    code(name),
    type,
    [...labels].map(code).join(", "),
    help,
  ]);
  return [["metric", "type", "labels", "what it is"], ...rows];
}

async function readMetrics(): Promise<string> {
  const sink = createHttpServer((request, response) => void request.resume().on("end", () => response.end()));
  await once(sink.listen(0, "127.0.0.1"), "listening");
  const folder = await mkdtemp(join(tmpdir(), "kserve-ts-reference-"));
  try {
    await mkdir(join(folder, "m/1"), { recursive: true });
    await writeFile(join(folder, "m/1/predictor.mjs"), PREDICTOR);
    const payloadLogUrl = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;
    const options = { httpPort: 0, logLevel: "silent", payloadLogUrl } as const;
    await using server = await createServer({ folder: join(folder, "m"), options });
    for (const verb of ["predict", "explain"]) {
      const body = JSON.stringify({ instances: [1] });
      await fetch(`${server.url}/v1/models/m:${verb}`, { method: "POST", body });
    }
    return await (await fetch(`${server.url}/metrics`)).text();
  } finally {
    sink.closeAllConnections();
    sink.close();
    await rm(folder, { recursive: true, force: true });
  }
}
