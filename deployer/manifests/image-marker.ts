import { RESTRICTED } from "./container.ts";
import { type Members, compact } from "./manifest.ts";
import { modelUri } from "./update.ts";

/** The init container that KServe would fetch a model with; where there is one of that name it adds none. */
const INITIALIZER = "storage-initializer";

/** In front of an image's name in STORAGE_URI: KServe takes what has no `scheme://` for a path. */
const MARK = "image/";

/**
 * A custom predictor whose image has its model, with what KServe (v0.20) asks for of predictors that take part in a
 * canary: a `STORAGE_URI`, by which it also tells one from the other when a canary is promoted. It names the image, and
 * an init container in the place of KServe's own sees to it that nothing is fetched. Others stay as they are.
 */
export function markImage(predictor: Members): Members {
  const [server, ...others] = containersOf(predictor["containers"]);
  if (server === undefined || predictor["model"] !== undefined || modelUri(predictor) !== undefined) {
    return predictor;
  }
  const { image, resources } = server;
  const env = [...containersOf(server["env"]), { name: "STORAGE_URI", value: `${MARK}${String(image)}` }];
  const initializer = compact({
    name: INITIALIZER,
    image,
    // What every image of kserve-ts has, and what ends at once.
    command: ["node", "--version"],
    resources,
    securityContext:
      server["securityContext"] === undefined ? undefined : { ...RESTRICTED, readOnlyRootFilesystem: true },
  });
  return {
    ...predictor,
    initContainers: [initializer, ...containersOf(predictor["initContainers"])],
    containers: [{ ...server, env }, ...others],
  };
}

/** Whether a predictor was given such a mark. */
export function isMarked(predictor: Members): boolean {
  const uri = modelUri(predictor);
  return typeof uri === "string" && uri.startsWith(MARK);
}

function containersOf(value: unknown): readonly Members[] {
  return Array.isArray(value) ? (value as readonly Members[]) : [];
}
