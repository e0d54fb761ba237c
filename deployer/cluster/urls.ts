import { KtsError } from "../../contract/errors.ts";
import type { Resource } from "./resources.ts";

/** Members of a query; those that are undefined are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Path of a resource's objects, or of one of them.
 * @param namespace undefined: of all
 */
export function pathOf(
  resource: Resource,
  namespace: string | undefined,
  name?: string,
  sub?: string,
): string {
  const { group, version, plural, namespaced } = resource;
  const parts = [
    ...(group === "" ? ["api", version] : ["apis", group, version]),
    ...(namespaced && namespace !== undefined ? ["namespaces", namespace] : []),
    plural,
    ...(name === undefined ? [] : [name]),
    ...(sub === undefined ? [] : [sub]),
  ];
  return `/${parts.map(segment).join("/")}`;
}

/** A name that could lead elsewhere (`..`, none) is none that Kubernetes knows. */
function segment(part: string): string {
  if (part === "" || part === "." || part === "..") {
    throw new KtsError("KTS_CLUSTER_REFUSED", `"${part}" cannot be the name of an object or a namespace.`);
  }
  return encodeURIComponent(part);
}

export function withQuery(path: string, query: Query): string {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`],
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join("&")}`;
}
