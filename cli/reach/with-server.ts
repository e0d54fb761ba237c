import { SIGNAL_EXIT_CODES, stopSignal } from "../serve/stop-signals.ts";
import type { ReachCall } from "./reach-options.ts";
import { reachServer } from "./reach-server.ts";
import type { ReachedServer } from "./reached-server.ts";

/** What came of work with a server: its result, or the exit code of the signal that ended it. */
export type Worked<T> = { readonly value: T } | { readonly exitCode: number };

/**
 * Starts or reaches the server that a command line means, works with it, and lets it go, whatever happens: Ctrl-C leaves
 * no container behind either.
 * @param needs `grpc`: whether it is asked over gRPC too
 * @param work its calls fail once a signal has come
 * @throws KtsError what starting or reaching the server throws, and what the work does
 */
export async function withServer<T>(
  call: ReachCall,
  needs: { readonly grpc: boolean },
  work: (server: ReachedServer) => Promise<T>,
): Promise<Worked<T>> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const run = async () => {
    await using server = await reachServer(call, { ...needs, signal });
    signal.throwIfAborted();
    const leave = () => {
      server.rest.close();
      server.grpc?.close();
    };
    signal.addEventListener("abort", leave, { once: true });
    return { value: await work(server) };
  };
  const running = run();
  const stopped = stopSignal().then((name) => ({ exitCode: SIGNAL_EXIT_CODES[name] }));
  const first = await Promise.race([running, stopped]);
  if ("value" in first) return first;
  stopping.abort(new Error("a signal came"));
  await running.catch(() => undefined);
  return first;
}
