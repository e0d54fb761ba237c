/** Where things lie in an image. */
export const IMAGE_PATHS = {
  /** The server: its package.json, `lib/` and `cache/`. */
  server: "/opt/kserve-ts",
  /** The served folder: the predictor's bundle, its packages, the config. */
  app: "/app",
  /** The model, where KServe's storage initializer puts it too. */
  model: "/mnt/models",
} as const;

/** The server's compile cache. */
export const CACHE_PATH = `${IMAGE_PATHS.server}/cache`;
