import type { Leaf } from "./values.ts";

/** What a text means as an element of a datatype; a message where it means nothing. */
export function readElement(text: string, datatype: string): { leaf: Leaf } | { problem: string } {
  const trimmed = text.trim();
  if (datatype === "BYTES") return { leaf: text };
  if (datatype === "BOOL") {
    if (/^(?:true|1)$/i.test(trimmed)) return { leaf: true };
    return /^(?:false|0)$/i.test(trimmed) ? { leaf: false } : { problem: "true or false" };
  }
  if (/INT/.test(datatype)) {
    if (!/^-?\d+$/.test(trimmed)) return { problem: "a whole number" };
    const number = Number(trimmed);
    return { leaf: Number.isSafeInteger(number) ? number : BigInt(trimmed) };
  }
  const number = Number(trimmed);
  return trimmed === "" || !Number.isFinite(number) ? { problem: "a number" } : { leaf: number };
}

/** The element that a field has at first. */
export function zeroOf(datatype: string): Leaf {
  if (datatype === "BYTES") return "";
  return datatype === "BOOL" ? false : 0;
}
