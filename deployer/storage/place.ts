/** A path of path's pieces: those that are empty are left out, and slashes at their ends. */
export function joinPath(...pieces: readonly string[]): string {
  return pieces
    .map((piece) => piece.replaceAll(/^\/+|\/+$/g, ""))
    .filter((piece) => piece !== "")
    .join("/");
}

/** A bucket or container, and the folder in it. */
export interface Place {
  readonly bucket: string;
  /** Without slashes at its ends; empty for the bucket itself. */
  readonly prefix: string;
}

/** The place that a URI such as `s3://bucket/path` names. */
export function placeOf(uri: string): Place {
  const [, bucket = "", path = ""] = /^[^:]+:\/\/([^/]+)(.*)$/.exec(uri) ?? [];
  return { bucket, prefix: joinPath(path) };
}
