import { setTimeout as sleep } from "node:timers/promises";
import { type KtsError, isKtsError } from "../../contract/errors.ts";
import { isPlainObject } from "../manifests/manifest.ts";
import type { KubeObject, ObjectList, WatchEvent } from "./cluster.ts";
import { linesOf } from "./lines.ts";
import type { Transport } from "./transport.ts";
import { type Query, withQuery } from "./urls.ts";

/** What is watched. */
export interface Watched {
  /** Path of the objects. */
  readonly path: string;
  readonly query: Query;
  readonly doing: string;
  /** Where it begins. */
  readonly resourceVersion: string;
  /** The objects at that point, where they are known. */
  readonly known: readonly KubeObject[];
  /** Lists them again. */
  readonly list: (signal: AbortSignal) => Promise<ObjectList>;
}

/** The server ends a watch after this, and the next one goes on from there. */
const WATCH_SECONDS = 240;
/** A connection that is dead without having said so is given up this long after the server should have ended it. */
const GRACE_MS = 30_000;
/** So long a server may be away (it is being restarted) before the watch fails. */
const AWAY_MS = 60_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** Changes of objects until the signal is aborted, over as many connections as it takes. */
export async function* watchObjects(
  transport: Transport,
  watched: Watched,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const seen = new Map(watched.known.map((object) => [idOf(object), object]));
  let version = watched.resourceVersion;
  let awaySinceMs: number | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      for await (const { type, object } of connection(transport, watched, version, signal)) {
        awaySinceMs = undefined;
        pauseMs = FIRST_PAUSE_MS;
        version = object.metadata.resourceVersion ?? version;
        if (type === "BOOKMARK") continue;
        remember(seen, type, object);
        yield { type, object };
      }
      awaySinceMs = undefined;
    } catch (error) {
      if (signal.aborted) return;
      if (isGone(error)) {
        // What happened in between is no longer known: the differences to what is there now stand for it.
        const now = await relist(watched, signal);
        if (now === undefined) return;
        version = now.resourceVersion;
        yield* differences(seen, now.items);
        continue;
      }
      awaySinceMs ??= Date.now();
      if (!mayPass(error) || Date.now() - awaySinceMs > AWAY_MS) throw error;
    }
    // A server that ends each watch at once must not be asked without a pause.
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

interface RawEvent {
  readonly type: WatchEvent["type"] | "BOOKMARK";
  readonly object: KubeObject;
}

async function* connection(
  transport: Transport,
  { path, query, doing }: Watched,
  resourceVersion: string,
  signal: AbortSignal,
): AsyncGenerator<RawEvent> {
  const response = await transport.open({
    method: "GET",
    path: withQuery(path, {
      ...query,
      watch: 1,
      resourceVersion,
      allowWatchBookmarks: true,
      timeoutSeconds: WATCH_SECONDS,
    }),
    doing,
    signal,
  });
  const giveUp = setTimeout(() => response.destroy(), WATCH_SECONDS * 1000 + GRACE_MS);
  giveUp.unref();
  try {
    const status = response.statusCode ?? 0;
    if (status >= 400) {
      const body = await response.toArray();
      throw transport.refusal({ status, body: Buffer.concat(body as Buffer[]).toString("utf8") }, doing);
    }
    for await (const line of linesOf(response)) {
      if (line === "") continue;
      const event = transport.parse(line);
      if (!isPlainObject(event) || !isPlainObject(event.object)) continue;
      if (event.type === "ERROR") throw errorEvent(transport, event.object, doing);
      yield event as unknown as RawEvent;
    }
  } catch (error) {
    throw isKtsError(error) ? error : transport.failure(error, signal);
  } finally {
    clearTimeout(giveUp);
    response.destroy();
  }
}

/** A watch that cannot go on says so in a `Status` among its events. */
function errorEvent(
  transport: Transport,
  status: Readonly<Record<string, unknown>>,
  doing: string,
): KtsError {
  const code = typeof status.code === "number" ? status.code : 500;
  return transport.refusal({ status: code, body: JSON.stringify(status) }, doing);
}

async function relist(watched: Watched, signal: AbortSignal): Promise<ObjectList | undefined> {
  try {
    return await watched.list(signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function* differences(seen: Map<string, KubeObject>, items: readonly KubeObject[]): Generator<WatchEvent> {
  const now = new Map(items.map((object) => [idOf(object), object]));
  for (const [id, object] of [...seen]) {
    if (now.has(id)) continue;
    seen.delete(id);
    yield { type: "DELETED", object };
  }
  for (const [id, object] of now) {
    const before = seen.get(id);
    seen.set(id, object);
    if (before === undefined) yield { type: "ADDED", object };
    else if (before.metadata.resourceVersion !== object.metadata.resourceVersion)
      yield { type: "MODIFIED", object };
  }
}

function remember(seen: Map<string, KubeObject>, type: WatchEvent["type"], object: KubeObject): void {
  if (type === "DELETED") seen.delete(idOf(object));
  else seen.set(idOf(object), object);
}

function idOf({ metadata }: KubeObject): string {
  return metadata.uid ?? `${metadata.namespace}/${metadata.name}`;
}

function isGone(error: unknown): boolean {
  return isKtsError(error) && error.status === 410;
}

/** Whether a failure may pass by itself: a server that restarts, not one that refuses. */
function mayPass(error: unknown): boolean {
  return (
    isKtsError(error) && (error.code === "KTS_CLUSTER_UNREACHABLE" || error.code === "KTS_CLUSTER_FAILED")
  );
}
