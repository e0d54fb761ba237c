import { KtsError } from "../../contract/errors.ts";

/**
 * The headers of `--header` flags, each written `Name: value`. A later one replaces an earlier one of its name.
 * @throws KtsError KTS_USAGE when one is written differently
 */
export function readHeaders(texts: readonly string[]): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const text of texts) {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*)$/.exec(text);
    if (match === null) {
      throw new KtsError("KTS_USAGE", `--header is ${JSON.stringify(text)}, expected 'Name: value'`);
    }
    headers[(match[1] as string).toLowerCase()] = match[2] as string;
  }
  return headers;
}
