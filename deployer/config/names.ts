/** Longest label of a host name, and longest value of a label. */
export const MOST_LABEL = 63;

/** A name of KServe's: its webhook asks for the same. */
const ISVC_NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

/** Why a text is no name of an InferenceService (or of a predictor in it), with the nearest that is one. */
export function serviceNameProblem(name: string): string | undefined {
  if (ISVC_NAME.test(name)) return undefined;
  const like = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .replace(/-+$/, "");
  const advice = like === "" ? "" : `, such as "${like}"`;
  return `a name of lower-case letters, digits and -, with a letter first and no - last${advice}`;
}

/** A name of a Kubernetes object that is a DNS subdomain: a Secret's, a ServiceAccount's. */
export function isObjectName(name: string): boolean {
  return name.length <= 253 && name.split(".").every((part) => isDnsLabel(part));
}

/** A name of a namespace. */
export function isDnsLabel(name: string): boolean {
  return name.length <= MOST_LABEL && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name);
}

/** Why a text is no key of a label or annotation. */
export function metadataKeyProblem(key: string): string | undefined {
  const slash = key.indexOf("/");
  const prefix = slash === -1 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (prefix !== undefined && !isObjectName(prefix)) return "a key whose part before / is a domain";
  return /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(name)
    ? undefined
    : "a key of letters, digits, -, _ and ., at most 63 characters";
}

/** Why a text is no value of a label. */
export function labelValueProblem(value: string): string | undefined {
  return value === "" || /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(value)
    ? undefined
    : "a value of letters, digits, -, _ and ., at most 63 characters";
}

/** Whether a text can be the name of an environment variable. */
export function isVariableName(name: string): boolean {
  return /^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name);
}
