import type { Cluster } from "../cluster/cluster.ts";
import type { UploadProgress, UploadedModel } from "../storage/upload.ts";
import type { Prepared } from "./prepare.ts";

/** Where a model's files go to, and how. */
export interface UploadPreparedOptions {
  /** The target's store. */
  readonly store: string | undefined;
  /** Variables with the store's credentials, where the settings have none. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The cluster, for a store that is a claim in it. */
  readonly cluster: Cluster;
  readonly signal: AbortSignal;
  readonly onProgress?: (uri: string, progress: UploadProgress) => void;
}

/**
 * Step `upload`: the files of a prepared deployment into its store. Undefined where there is nothing to upload: the
 * model is in the image or a URI, or the service that runs has these very files.
 * @throws KtsError KTS_STORE_*, KTS_UPLOAD_FAILED, KTS_PACKAGE_MISSING; the signal's reason
 */
export async function uploadPrepared(
  { packaged, plan, isLoaded }: Prepared,
  { store: uri, env, cluster, signal, onProgress }: UploadPreparedOptions,
): Promise<UploadedModel | undefined> {
  if (packaged === undefined || uri === undefined || isLoaded) return undefined;
  const [{ openStore }, { uploadModel }] = await Promise.all([
    import("../storage/open-store.ts"),
    import("../storage/upload.ts"),
  ]);
  const secret = plan.secretValues;
  const { name } = plan.settings;
  await using store = await openStore(uri, {
    env,
    cluster,
    namespace: plan.namespace,
    signal,
    ...(secret !== undefined && { secret }),
  });
  return await uploadModel(packaged, store, {
    name,
    signal,
    onProgress: (progress) => onProgress?.(plan.model?.storageUri ?? uri, progress),
  });
}
