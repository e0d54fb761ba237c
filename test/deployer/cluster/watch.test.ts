import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import type { WatchEvent } from "../../../deployer/cluster/cluster.ts";
import { connectCluster } from "../../../deployer/cluster/connect.ts";
import { RESOURCES } from "../../../deployer/cluster/resources.ts";
import { type Answerer, recordedApi, refuse } from "./recorded-api.ts";

function pod(name: string, resourceVersion: string) {
  return { metadata: { name, namespace: "team-a", uid: name, resourceVersion } };
}

function list(resourceVersion: string, ...items: object[]) {
  return { metadata: { resourceVersion }, items };
}

function line(response: ServerResponse, type: string, object: object): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}

/** Lists pods and takes so many changes of a server that answers its watches in turn. */
async function changes(
  count: number,
  lists: readonly object[],
  watches: readonly ((r: ServerResponse) => void)[],
) {
  const asked: string[] = [];
  const left = { lists: [...lists], watches: [...watches] };
  const answer: Answerer = ({ path }, response) => {
    asked.push(path);
    if (!path.includes("watch=1")) return left.lists.shift();
    const next = left.watches.shift();
    if (next === undefined) response.flushHeaders();
    else next(response);
    return undefined;
  };
  await using api = await recordedApi(answer);
  await using cluster = await connectCluster({ kubeconfig: api.kubeconfig, env: {} });
  const { resourceVersion } = await cluster.list(RESOURCES.pod);
  const stop = new AbortController();
  const events: string[] = [];
  if (count === 0) stop.abort();
  for await (const event of cluster.watch(RESOURCES.pod, { resourceVersion }, stop.signal)) {
    events.push(textOf(event));
    if (events.length === count) stop.abort();
  }
  return { events, from: asked.flatMap((path) => /watch=1&resourceVersion=(\d+)/.exec(path)?.[1] ?? []) };
}

function textOf({ type, object: { metadata } }: WatchEvent): string {
  return `${type} ${metadata.name} ${metadata.resourceVersion}`;
}

describe("watching", () => {
  it("goes on where a connection ended, by the last change or bookmark", async () => {
    const found = await changes(
      2,
      [list("10")],
      [
        (response) => {
          line(response, "ADDED", pod("a", "11"));
          line(response, "BOOKMARK", pod("", "20"));
          response.end();
        },
        (response) => line(response, "MODIFIED", pod("a", "21")),
      ],
    );
    expect(found).toEqual({ events: ["ADDED a 11", "MODIFIED a 21"], from: ["10", "20"] });
  });

  it("goes on where a connection broke off in the middle of a change", async () => {
    const found = await changes(
      2,
      [list("10")],
      [
        (response) => {
          line(response, "ADDED", pod("a", "11"));
          response.write('{"type":"MODI', () => response.socket?.resetAndDestroy());
        },
        (response) => line(response, "DELETED", pod("a", "12")),
      ],
    );
    expect(found).toEqual({ events: ["ADDED a 11", "DELETED a 12"], from: ["10", "11"] });
  });

  it.each([
    [
      "as an answer",
      (response: ServerResponse) => refuse(response, 410, "too old resource version", "Expired"),
    ],
    [
      "as a change",
      (response: ServerResponse) => line(response, "ERROR", { kind: "Status", code: 410, message: "old" }),
    ],
  ])("tells the differences to a new list when its place is gone, told %s", async (_, gone) => {
    const found = await changes(
      4,
      [
        list("10", pod("kept", "1"), pod("changed", "2"), pod("deleted", "3")),
        list("50", pod("kept", "1"), pod("changed", "40"), pod("added", "41")),
      ],
      [gone, (response) => line(response, "MODIFIED", pod("kept", "51"))],
    );
    expect(found.events).toEqual([
      "DELETED deleted 3",
      "MODIFIED changed 40",
      "ADDED added 41",
      "MODIFIED kept 51",
    ]);
    expect(found.from).toEqual(["10", "50"]);
  });

  it("outlives a server that is being restarted", async () => {
    const found = await changes(
      1,
      [list("10")],
      [
        (response) => refuse(response, 500, "etcdserver: leader changed"),
        (response) => response.socket?.resetAndDestroy(),
        (response) => line(response, "ADDED", pod("a", "11")),
      ],
    );
    expect(found.events).toEqual(["ADDED a 11"]);
  });

  it("fails when it is not allowed", async () => {
    const denied = (response: ServerResponse): void =>
      refuse(response, 403, 'pods is forbidden: User "eve" cannot watch resource "pods"', "Forbidden");
    await expect(changes(1, [list("10")], [denied])).rejects.toMatchObject({ code: "KTS_CLUSTER_DENIED" });
  });

  it("ends at once, without an error, when it was aborted before", async () => {
    expect((await changes(0, [list("10")], [])).events).toEqual([]);
  });
});
