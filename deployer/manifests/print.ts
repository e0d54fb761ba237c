import { stringify } from "yaml";
import { SecretText } from "../secret-text.ts";
import { type Manifest, isPlainObject } from "./manifest.ts";

/** Manifests in the form that a cluster takes: a Secret's values are there, in base64. */
export function revealSecrets(manifests: readonly Manifest[]): readonly Manifest[] {
  return manifests.map(
    (manifest) => mapSecrets(manifest, (text) => Buffer.from(text.reveal()).toString("base64")) as Manifest,
  );
}

/**
 * Manifests as YAML documents. A Secret's values are hidden, in a way that no cluster takes for values. Texts are
 * quoted where YAML 1.1, which Kubernetes reads, would take them for something else (`y`, `on`, `1:30`).
 */
export function toYaml(manifests: readonly Manifest[]): string {
  const plain = manifests.map((manifest) => mapSecrets(manifest, String));
  return plain
    .map((manifest) => stringify(manifest, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false }))
    .join("---\n");
}

function mapSecrets(value: unknown, map: (text: SecretText) => string): unknown {
  if (value instanceof SecretText) return map(value);
  if (Array.isArray(value)) return value.map((item) => mapSecrets(item, map));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, mapSecrets(member, map)]));
}
