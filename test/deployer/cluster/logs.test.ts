import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { connectCluster } from "../../../deployer/cluster/connect.ts";
import { failureOf } from "./failure-of.ts";
import { type Answerer, recordedApi, refuse } from "./recorded-api.ts";

const RUNNING = { status: { containerStatuses: [{ name: "main", state: { running: {} } }] } };
const ENDED = { status: { containerStatuses: [{ name: "main", state: { terminated: {} } }] } };

/** The lines of a log whose connections and whose pod's states come in turn. */
async function linesOf(
  logs: readonly ((response: ServerResponse) => void)[],
  pods: readonly object[],
  timestamps = false,
) {
  const left = { logs: [...logs], pods: [...pods] };
  const answer: Answerer = ({ path }, response) => {
    if (!path.includes("/log?")) return left.pods.shift() ?? refuse(response, 404, "not found");
    left.logs.shift()?.(response);
    return undefined;
  };
  await using api = await recordedApi(answer);
  await using cluster = await connectCluster({ kubeconfig: api.kubeconfig, env: {} });
  const lines: string[] = [];
  const query = { pod: "digits", container: "main", tailLines: 5, timestamps };
  for await (const line of cluster.followLogs(query)) lines.push(line);
  return {
    lines,
    asked: api.asked.flatMap(({ path }) => (path.includes("/log?") ? [path.split("?")[1]] : [])),
  };
}

describe("a log that is followed", () => {
  it("gives blank lines, and a last line without an end, and stops with the container", async () => {
    const { lines } = await linesOf(
      [
        (response) =>
          response.end("2026-01-01T00:00:00.5Z one\n2026-01-01T00:00:01Z \n2026-01-01T00:00:02.25Z  two"),
      ],
      [ENDED],
    );
    expect(lines).toEqual(["one", "", " two"]);
  });

  it("goes on after the last line when the connection breaks off while the container runs", async () => {
    const { lines, asked } = await linesOf(
      [
        (response) =>
          response.write(
            "2026-01-01T00:00:00.1Z a\n2026-01-01T00:00:00.2Z b\n2026-01-01T00:00:00.2Z b\n",
            () => response.socket?.resetAndDestroy(),
          ),
        (response) =>
          response.end(
            "2026-01-01T00:00:00.1Z a\n2026-01-01T00:00:00.2Z b\n2026-01-01T00:00:00.2Z b\n" +
              "2026-01-01T00:00:00.2Z b\n2026-01-01T00:00:00.3Z c\n",
          ),
      ],
      [RUNNING, ENDED],
    );
    expect(lines).toEqual(["a", "b", "b", "b", "c"]);
    expect(asked).toEqual([
      "container=main&follow=true&timestamps=true&tailLines=5",
      "container=main&follow=true&timestamps=true&sinceTime=2026-01-01T00%3A00%3A00Z",
    ]);
  });

  it("keeps the times where they are wanted", async () => {
    const { lines } = await linesOf(
      [(response) => response.end("2026-01-01T00:00:00.5Z one\n")],
      [ENDED],
      true,
    );
    expect(lines).toEqual(["2026-01-01T00:00:00.5Z one"]);
  });

  it("says why there is none", async () => {
    const waiting = 'container "main" in pod "digits" is waiting to start: ContainerCreating';
    const error = await failureOf(linesOf([(response) => refuse(response, 400, waiting)], []));
    expect(error.code).toBe("KTS_CLUSTER_REFUSED");
    expect(error.message).toBe(
      `Cannot read the log of the container main of Pod digits in the namespace team-a: ${waiting}`,
    );
  });
});
