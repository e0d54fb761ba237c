/** Every check, in the order they are shown in. */
export const CHECK_NAMES = [
  "node",
  "docker",
  "registry",
  "context",
  "api",
  "permissions",
  "kserve",
  "mode",
  "runtimes",
  "ingress",
  "webhook",
  "pod-security",
  "quota",
  "storage",
] as const;

/** Name of a check. */
export type CheckName = (typeof CHECK_NAMES)[number];
