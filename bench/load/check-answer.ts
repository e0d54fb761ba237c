import { isDeepStrictEqual } from "node:util";
import type { Expected } from "./requests.ts";

interface Output {
  readonly name: string;
  readonly datatype: string;
  readonly data?: readonly number[];
  readonly parameters?: { readonly binary_data_size?: number } | null;
}

/**
 * Checks an answer against what it should hold.
 * @throws Error that says what differs
 */
export function checkAnswer(head: string, body: Uint8Array, expected: Expected): void {
  const jsonBytes = Number(/^inference-header-content-length: *(\d+)/im.exec(head)?.[1] ?? body.length);
  const json = JSON.parse(Buffer.from(body.subarray(0, jsonBytes)).toString()) as {
    readonly predictions?: readonly unknown[];
    readonly outputs?: readonly Output[];
  };
  if (expected.kind === "predictions") {
    compare(json.predictions, expected.predictions, expected.tolerance, "predictions");
    return;
  }
  let at = jsonBytes;
  const values = (json.outputs ?? []).map((output) => {
    const size = output.parameters?.binary_data_size;
    if (size === undefined) return output.data ?? [];
    // Not `slice`: a Buffer's shares memory, and then its block starts elsewhere.
    const bytes = new Uint8Array(body.subarray(at, (at += size))).buffer;
    return output.datatype === "INT64"
      ? [...new BigInt64Array(bytes)].map(Number)
      : [...new Float32Array(bytes)];
  });
  compare(values, expected.outputs, expected.tolerance, "outputs");
}

function compare(got: unknown, wanted: unknown, tolerance: number, path: string): void {
  if (typeof wanted === "number" && typeof got === "number") {
    const close = Math.abs(Math.fround(got) - wanted) <= tolerance * (1 + Math.abs(wanted));
    if (close || got === wanted) return;
  } else if (typeof wanted === "object" && typeof got === "object" && wanted !== null && got !== null) {
    const keys = Object.keys(wanted);
    if (isDeepStrictEqual(Object.keys(got), keys)) {
      const [gotMembers, wantedMembers] = [got, wanted] as Record<string, unknown>[];
      for (const key of keys) compare(gotMembers?.[key], wantedMembers?.[key], tolerance, `${path}.${key}`);
      return;
    }
  } else if (got === wanted) return;
  throw new Error(`${path} is ${JSON.stringify(got)?.slice(0, 200)}, expected ${JSON.stringify(wanted)}`);
}
