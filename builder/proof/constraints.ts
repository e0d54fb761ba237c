import type { ContainerCreateOptions } from "dockerode";

/** What a cluster does to a container, for one on this machine. */
export interface ClusterLike {
  /** Image's name or id. */
  readonly image: string;
  /** Memory that it may use. */
  readonly memoryBytes: number;
  /** Folder of this machine that is mounted at /mnt/models, as KServe mounts what its initialiser has fetched. */
  readonly modelFolder?: string | undefined;
  readonly env?: Readonly<Record<string, string>>;
  /** Ports of the container to publish on loopback, by the port here; 0 takes a free one. Default: no network at all. */
  readonly ports?: Readonly<Record<number, number>>;
  /** Flags of the server, as KServe's `args` are appended. */
  readonly args?: readonly string[];
}

/** A user that no image knows, in group root, as OpenShift gives every namespace its own. */
export const ARBITRARY_USER = "1000680001:0";

/** Enough for the server with a small model; what a predictor's pod often gets. */
export const DEFAULT_MEMORY_BYTES = 1 << 30;

/**
 * A container under what PodSecurity's `restricted` and a careful cluster ask for: an arbitrary user, a root file system
 * that cannot be written, no capability, no way to gain one, and limited memory without swap.
 */
export function clusterLikeContainer(options: ClusterLike): ContainerCreateOptions {
  const { image, memoryBytes, modelFolder, env = {}, ports, args } = options;
  const published = Object.entries(ports ?? {});
  return {
    Image: image,
    User: ARBITRARY_USER,
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...(args !== undefined && { Cmd: [...args] }),
    ExposedPorts: Object.fromEntries(published.map(([port]) => [`${port}/tcp`, {}])),
    HostConfig: {
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      Binds: modelFolder === undefined ? [] : [`${modelFolder}:/mnt/models:ro`],
      ...(ports === undefined
        ? { NetworkMode: "none" }
        : {
            PortBindings: Object.fromEntries(
              published.map(([port, here]) => [
                `${port}/tcp`,
                [{ HostIp: "127.0.0.1", HostPort: here === 0 ? "" : String(here) }],
              ]),
            ),
          }),
    },
  };
}
