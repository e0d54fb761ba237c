import { KtsError } from "../../contract/errors.ts";
import { schemeOf, storageUriProblem } from "../config/storage-uri.ts";
import type { OpenStoreOptions } from "./open-options.ts";
import type { ModelStore } from "./store.ts";

/** Hosts of Azure's Blob Storage, its separate clouds included: those that KServe knows. */
const AZURE_HOST = /^[a-z0-9]{3,24}\.blob\.(core\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn))$/i;

const STORES =
  "s3://bucket/path, gs://bucket/path, https://<account>.blob.core.windows.net/<container>/path, pvc://claim/path";

/**
 * Opens the store of a URI. The SDK of its cloud is loaded now, and no other. Nothing is asked of the store yet, a claim
 * excepted: the first call tells whether it is there and lets us in.
 * @throws KtsError KTS_CONFIG_INVALID when nothing can be uploaded to such a URI, or a credential cannot be used;
 *   KTS_PACKAGE_MISSING naming the package to install
 * @example await using store = await openStore("s3://models/team", { env: process.env, signal });
 */
export async function openStore(uri: string, options: OpenStoreOptions): Promise<ModelStore> {
  options.signal.throwIfAborted();
  const problem = storageUriProblem(uri);
  if (problem !== undefined) throw invalid(uri, problem);
  switch (schemeOf(uri)) {
    case "s3":
      return (await import("./s3.ts")).openS3Store(uri, options);
    case "pvc":
      return (await import("./pvc.ts")).openPvcStore(uri, options);
    case "gs":
      return (await import("./gcs.ts")).openGcsStore(uri, options);
    case "https":
      if (isAzureUri(uri)) return (await import("./azure.ts")).openAzureStore(uri, options);
      throw invalid(uri, `a host of Azure's Blob Storage after https://, or another store: ${STORES}`);
    default:
      throw invalid(uri, `a store that a model can be uploaded to: ${STORES}`);
  }
}

function invalid(uri: string, expected: string): KtsError {
  return new KtsError("KTS_CONFIG_INVALID", `store: expected ${expected} (got "${uri}")`, {
    hint: "A model that lies somewhere else already is named by its URI in model, and used in place.",
  });
}

/** Whether a URI of https:// is one of Azure's Blob Storage. */
function isAzureUri(uri: string): boolean {
  return AZURE_HOST.test(new URL(uri).hostname);
}
