/** A value as it reads in an error message: its kind, and a short rendering of it. */
export function describeValue(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (typeof value === "string") return `the string ${JSON.stringify(shorten(value, 40))}`;
  if (typeof value === "bigint" || typeof value === "number")
    return `the number ${shorten(String(value), 40)}`;
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
  if (typeof value === "object") {
    const keys = Object.keys(value);
    return keys.length === 0 ? "an empty object" : `an object with ${shorten(keys.join(", "), 60)}`;
  }
  return `a ${typeof value}`;
}

/** A text as messages can have it: cut where it is longer than `most` characters. */
export function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}...`;
}
