import { KtsError } from "../../contract/errors.ts";
import { meansCluster } from "../predict/place.ts";
import type { ReachCall } from "./reach-options.ts";
import type { ReachedServer } from "./reached-server.ts";

/** How a server is to be reached. */
export interface ReachNeeds {
  /** Whether it is asked over gRPC too. */
  readonly grpc: boolean;
  /** Ends the wait for a container. */
  readonly signal: AbortSignal;
}

/**
 * Starts or reaches the server that a command line means: one of the folder's sources, unless it names another place.
 * @throws KtsError KTS_USAGE when it names several; what starting or reaching it throws
 */
export async function reachServer(call: ReachCall, { grpc, signal }: ReachNeeds): Promise<ReachedServer> {
  const { image, url } = call.options;
  if (url !== undefined || meansCluster(call.given)) {
    return (await import("./reach-remote.ts")).reachRemote(call, grpc);
  }
  if (image !== undefined) return (await import("./reach-image.ts")).reachImage(call, image, signal);
  return (await import("./reach-local.ts")).reachLocal(call, grpc);
}

/** @throws KtsError KTS_USAGE when a command line names several servers, or half of one */
export function checkOneServer({ options, given }: Pick<ReachCall, "options" | "given">): void {
  const { image, url, grpc } = options;
  const named = [
    ...(image === undefined ? [] : ["--image"]),
    ...(url === undefined ? [] : ["--url"]),
    ...(meansCluster(given) ? ["a service of a cluster"] : []),
  ];
  if (named.length > 1) {
    throw new KtsError("KTS_USAGE", `${named.join(" and ")} are different servers`, {
      hint: "Name one of them.",
    });
  }
  if (grpc !== undefined && url === undefined) {
    throw new KtsError("KTS_USAGE", "--grpc goes with --url", {
      hint: "Elsewhere the address of gRPC is known.",
    });
  }
}
