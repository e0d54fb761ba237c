import { once } from "node:events";
import { connect } from "node:net";
import { closedLoop } from "../load/closed-loop.ts";
import { createRandom } from "../load/random.ts";
import { IMAGE_ELEMENTS, loadRequest } from "../load/requests.ts";
import { residentMb } from "../measure/process-stats.ts";
import { freePort } from "../servers/free-port.ts";
import { launch } from "../servers/launch.ts";
import { noneInFlight } from "./client.ts";
import { GrpcClient, inferRequest } from "./grpc-client.ts";
import { settledMb } from "./memory.ts";
import { Prober } from "./prober.ts";
import type { Scenario } from "./scenario.ts";

const AT_A_TIME = 20;
/** Of those that leave, one in so many leaves a gRPC call. */
const GRPC_SHARE = 4;
const LONGEST_STAY_MS = 40;
const WARM_REQUESTS = 500;
const MEMORY_RATIO = 1.25;

/** Clients that send a part of a large request, or all of it, and are gone. */
export const leavers: Scenario = {
  name: "leavers",
  what: "clients that leave anywhere within a binary request of 600 KB, or before its answer; a quarter of them over gRPC",
  async run(settings) {
    const grpcPort = await freePort();
    await using server = await launch("first-ten-worker", {
      ...settings,
      flags: { "--grpc_port": grpcPort },
    });
    const { port } = server;
    const { pid } = server.child;
    const random = createRandom(7);
    const { bytes } = loadRequest("bin");
    const message = inferRequest(new Float32Array(IMAGE_ELEMENTS));
    await closedLoop(port, AT_A_TIME, { count: WARM_REQUESTS }, () => loadRequest("bin"));
    const before = residentMb(pid, "VmRSS");
    await using prober = await Prober.start(port, settings);
    const leave = async () => {
      const length = Math.min(bytes.length, Math.floor(random() * bytes.length * 1.5));
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      socket.on("error", () => undefined);
      await once(socket, "connect");
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.write(bytes.subarray(0, length), () => resolve());
      await promise;
      socket.resetAndDestroy();
    };
    const leaveCall = async () => {
      using client = new GrpcClient(grpcPort);
      await client.infer(message, random() * LONGEST_STAY_MS);
    };
    for (let left = 0; left < settings.leavers; left += AT_A_TIME) {
      await Promise.all(
        Array.from({ length: AT_A_TIME }, (_, at) => (at % GRPC_SHARE === 0 ? leaveCall() : leave())),
      );
    }
    const inFlight = await noneInFlight(port);
    const health = await prober.stop();
    const peak = residentMb(pid, "VmHWM");
    const after = await settledMb(server, before * MEMORY_RATIO);
    const { answers } = await closedLoop(port, 1, { count: 1 }, () => loadRequest("bin"));
    using caller = new GrpcClient(grpcPort);
    const { status } = await caller.infer(message);
    return {
      figures: {
        clients: settings.leavers,
        ...health.figures,
        "MB before": before,
        "MB at the peak": peak,
        "MB after": after,
      },
      checks: [
        ...health.checks,
        { what: "no request is left in flight", got: inFlight, holds: inFlight === 0 },
        { what: "requests of those that stay are answered", got: `${answers}, ${status}`, holds: answers === 1 && status === "OK" }, // prettier-ignore
        {
          what: `memory returns to within ${MEMORY_RATIO} of what it was`,
          got: after / before,
          holds: after <= before * MEMORY_RATIO,
        },
      ],
    };
  },
};
