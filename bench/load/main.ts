/** The load generator's process: takes orders from the benchmark by IPC, one at a time. */
import { closedLoop } from "./closed-loop.ts";
import type { LoadOrder, LoadReport, ProbeReport } from "./orders.ts";
import { probeRepeatedly } from "./probe.ts";
import { binaryImage, loadRequest } from "./requests.ts";
import { soakMix } from "./soak-mix.ts";

async function carryOut(order: LoadOrder): Promise<LoadReport | ProbeReport> {
  if (order.kind === "probes") {
    return { probesMs: await probeRepeatedly(order.port, order.path, order.everyMs, order.seconds) };
  }
  const { port, connections } = order;
  switch (order.kind) {
    case "window": {
      const request = loadRequest(order.request);
      return { load: await closedLoop(port, connections, { seconds: order.seconds }, () => request) };
    }
    case "body": {
      const request = binaryImage(order.elements, [1, order.elements]);
      return { load: await closedLoop(port, connections, { seconds: order.seconds }, () => request) };
    }
    case "probe": {
      const request = loadRequest("small-v1");
      const [load, probesMs] = await Promise.all([
        closedLoop(port, connections, { seconds: order.seconds }, () => request),
        probeRepeatedly(port, order.path, order.everyMs, order.seconds),
      ]);
      return { load, probesMs };
    }
    case "mixed":
      return { load: await closedLoop(port, connections, { count: order.count }, soakMix(order.seed)) };
  }
}

process.on("message", (order: LoadOrder) => {
  carryOut(order).then(
    (report) => process.send?.(report),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
process.send?.("ready");
