import { type KserveFeature, type KserveVersion, hasFeature, sinceVersion } from "../kserve-version.ts";

/** Schemes that KServe's storage initializer reads, and the release that each came with where not all have it. */
const SCHEMES: Readonly<Record<string, KserveFeature | undefined>> = {
  s3: undefined,
  gs: undefined,
  pvc: undefined,
  https: undefined,
  http: undefined,
  hdfs: undefined,
  webhdfs: undefined,
  file: undefined,
  hf: "hfUri",
  oci: "ociUri",
  "oci+native": "ociNativeUri",
};

/** Other spellings people write for a scheme. */
const HABITS: Readonly<Record<string, string>> = {
  gcs: "gs://",
  s3a: "s3://",
  s3n: "s3://",
  azure: "https://<account>.blob.core.windows.net/<container>/<path>",
  az: "https://<account>.blob.core.windows.net/<container>/<path>",
  abfs: "https://<account>.blob.core.windows.net/<container>/<path>",
  wasbs: "https://<account>.blob.core.windows.net/<container>/<path>",
  docker: "oci://",
  huggingface: "hf://",
};

/** The scheme of a URI in lower case; undefined for a path. */
export function schemeOf(uri: string): string | undefined {
  return /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\//.exec(uri)?.[1]?.toLowerCase();
}

/** Whether a setting of a model names a place that the cluster reads, not a file of ours. */
export function isUri(text: string): boolean {
  return schemeOf(text) !== undefined;
}

/**
 * Why KServe could not read a model from a URI, with a likely fix; undefined where it could.
 * @param version the cluster's release, where it is known
 */
export function storageUriProblem(uri: string, version?: KserveVersion): string | undefined {
  const scheme = schemeOf(uri);
  if (scheme === undefined) return "a URI such as s3://bucket/path";
  if (!Object.hasOwn(SCHEMES, scheme)) {
    const habit = HABITS[scheme];
    return habit === undefined
      ? `a URI of ${Object.keys(SCHEMES).join("://, ")}://`
      : `a URI of ${habit} (${scheme}:// is not known to KServe)`;
  }
  const feature = SCHEMES[scheme];
  if (version !== undefined && feature !== undefined && !hasFeature(version, feature)) {
    return `a URI other than ${scheme}://, which KServe reads since ${sinceVersion(feature)}`;
  }
  return placeProblem(scheme, uri.slice(scheme.length + 3));
}

function placeProblem(scheme: string, place: string): string | undefined {
  const [host = "", ...path] = place.split("/");
  if (path.includes("..")) return "a URI without ..";
  if (/\s/.test(place)) return "a URI without spaces";
  switch (scheme) {
    case "s3":
    case "gs":
      return host === "" ? `a bucket, as in ${scheme}://bucket/path` : bucketProblem(host);
    case "pvc":
      return host === "" ? "a claim, as in pvc://claim/path" : undefined;
    case "hf":
      return host !== "" && path.length === 1 && path[0] !== ""
        ? undefined
        : "an owner and a model, as in hf://owner/model or hf://owner/model:revision";
    case "file":
      return undefined;
    default:
      return host === "" ? `a host or image after ${scheme}://` : undefined;
  }
}

function bucketProblem(bucket: string): string | undefined {
  return /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket)
    ? undefined
    : `a bucket's name of lower-case letters, digits, - and . (got "${bucket}")`;
}
