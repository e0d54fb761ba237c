/** How a model is called in a client. */
export interface ModelNames {
  /** What its types begin with: `IrisV2`. */
  readonly type: string;
  /** Its property: `irisV2`. */
  readonly member: string;
}

/** Members that the class of a server has for itself. */
const TAKEN: ReadonlySet<string> = new Set([
  "client",
  "close",
  "constructor",
  "prototype",
  "toString",
  "valueOf",
]);

/** Names for models, each once: `iris-v2` is `IrisV2`. In the order of the models. */
export function modelNames(models: readonly string[]): readonly ModelNames[] {
  const taken = new Set<string>();
  return models.map((model) => {
    const base = pascal(model);
    let type = base;
    for (let count = 2; taken.has(type); count++) type = `${base}${count}`;
    taken.add(type);
    const member = type.replace(/^./u, (first) => first.toLowerCase());
    return { type, member: TAKEN.has(member) ? `${member}Model` : member };
  });
}

function pascal(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
  const joined = words.map((word) => word.replace(/^./u, (first) => first.toUpperCase())).join("");
  return /^\p{L}/u.test(joined) ? joined : `Model${joined}`;
}

/** The name of a member as it stands in a type. */
export function memberName(name: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? name : JSON.stringify(name);
}
