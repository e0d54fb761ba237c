/**
 * Compares a value with what a vector expects. A plain value has to be equal; an object has to have at least the
 * members listed; and an object with one of these members alone is a matcher:
 *
 * - `{"$any": "string"}`: any value of that type (string, number, boolean, array, object)
 * - `{"$approx": [expected, tolerance]}`: numbers, nested to any depth, within tolerance (absolute and relative)
 * - `{"$contains": "text"}` or a list of texts, all of which have to occur
 * - `{"$regex": "pattern"}`
 * - `{"$includes": value}`: a list with such an item
 * - `{"$exactly": value}`: objects without further members
 *
 * @returns what differs, with its path; undefined when it fits
 */
export function mismatch(got: unknown, expected: unknown, path = "$"): string | undefined {
  return compare(got, expected, path, false);
}

type Matcher = (got: unknown, argument: unknown, path: string) => string | undefined;

const MATCHERS: Readonly<Record<string, Matcher>> = {
  $any: (got, type, path) =>
    (Array.isArray(got) ? "array" : typeof got) === type
      ? undefined
      : differs(path, got, `any ${String(type)}`),
  $approx: (got, argument, path) => {
    const [expected, tolerance] = argument as [unknown, number];
    return approximately(got, expected, tolerance, path);
  },
  $contains: (got, texts, path) => {
    const missing = [texts].flat().find((text) => typeof got !== "string" || !got.includes(String(text)));
    return missing === undefined ? undefined : differs(path, got, `a text with ${JSON.stringify(missing)}`);
  },
  $regex: (got, pattern, path) =>
    typeof got === "string" && new RegExp(String(pattern)).test(got)
      ? undefined
      : differs(path, got, `a text that matches /${String(pattern)}/`),
  $includes: (got, item, path) =>
    Array.isArray(got) && got.some((one) => compare(one, item, path, false) === undefined)
      ? undefined
      : differs(path, got, `a list with ${JSON.stringify(item)}`),
  $exactly: (got, expected, path) => compare(got, expected, path, true),
};

function compare(got: unknown, expected: unknown, path: string, exactly: boolean): string | undefined {
  if (typeof expected !== "object" || expected === null) {
    return Object.is(got, expected) ? undefined : differs(path, got, JSON.stringify(expected));
  }
  const keys = Object.keys(expected);
  const matcher = keys.length === 1 ? MATCHERS[keys[0] as string] : undefined;
  if (matcher !== undefined) return matcher(got, Object.values(expected)[0], path);
  if (typeof got !== "object" || got === null || Array.isArray(got) !== Array.isArray(expected)) {
    return differs(path, got, JSON.stringify(expected));
  }
  if ((exactly || Array.isArray(expected)) && Object.keys(got).length !== keys.length) {
    return differs(path, got, `${keys.length} members: ${JSON.stringify(expected)}`);
  }
  for (const key of keys) {
    const [gotMember, expectedMember] = [got, expected].map(
      (whole) => (whole as Record<string, unknown>)[key],
    );
    if (!Object.hasOwn(got, key)) return differs(`${path}.${key}`, undefined, JSON.stringify(expectedMember));
    const problem = compare(gotMember, expectedMember, `${path}.${key}`, exactly);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function approximately(got: unknown, expected: unknown, tolerance: number, path: string): string | undefined {
  if (typeof expected === "number" && typeof got === "number") {
    const close = Math.abs(got - expected) <= tolerance * (1 + Math.abs(expected));
    return close ? undefined : differs(path, got, `${expected} within ${tolerance}`);
  }
  if (typeof expected !== "object" || expected === null) return compare(got, expected, path, false);
  if (typeof got !== "object" || got === null || Object.keys(got).length !== Object.keys(expected).length) {
    return differs(path, got, JSON.stringify(expected));
  }
  for (const [key, member] of Object.entries(expected)) {
    const problem = approximately((got as Record<string, unknown>)[key], member, tolerance, `${path}.${key}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const LONGEST = 400;

function differs(path: string, got: unknown, expected: string): string {
  const came = got === undefined ? "nothing" : JSON.stringify(got);
  return `${path}: expected ${shorten(expected)}, got ${shorten(came)}`;
}

function shorten(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}...`;
}
