import type { ImageSettings } from "./build-plan.ts";
import { CACHE_PATH, IMAGE_PATHS } from "./image-paths.ts";

/** Nobody's account: as distroless images have it, and no user of the base. */
const USER = "65532:65532";

/** What the settings of an image depend on. */
export interface SettingsInput {
  readonly labels: Readonly<Record<string, string>>;
  /** Whether the base has the server, and with it the variables of its compile cache. */
  readonly withCache: boolean;
  readonly httpPort: number;
  readonly grpcPort: number;
}

/**
 * How a container of an image starts. It needs no shell, no writable folder and no particular user; KServe's `args`
 * are appended to the entry point as flags of the server.
 */
export function imageSettings({ labels, withCache, httpPort, grpcPort }: SettingsInput): ImageSettings {
  const lib = `${IMAGE_PATHS.server}/lib`;
  return {
    user: USER,
    workingDir: IMAGE_PATHS.app,
    env: {
      NODE_ENV: "production",
      KSERVE_TS_HOST: "0.0.0.0",
      // Portable: found by where the files lie to each other, not by this machine's paths.
      ...(withCache && { NODE_COMPILE_CACHE: CACHE_PATH, NODE_COMPILE_CACHE_PORTABLE: "1" }),
    },
    entrypoint: ["node", "--enable-source-maps", `${lib}/kserve-ts.js`, "serve", IMAGE_PATHS.app],
    exposedPorts: [httpPort, grpcPort],
    labels,
    stopSignal: "SIGTERM",
    healthcheck: {
      command: ["node", `${lib}/health.js`, `http://127.0.0.1:${httpPort}/v2/health/ready`],
      intervalMs: 30_000,
      timeoutMs: 5_000,
      startPeriodMs: 60_000,
      retries: 3,
    },
  };
}
