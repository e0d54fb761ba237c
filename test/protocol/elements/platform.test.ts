import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import * as node from "../../../protocol/elements/platform.ts";

/** The same module where there is no Buffer and no process. */
let web: typeof node;
beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: ["protocol/elements/platform.ts"],
    bundle: true,
    format: "iife",
    globalName: "platform",
    platform: "browser",
    write: false,
  });
  const context = createContext({ TextDecoder, TextEncoder, atob, btoa, crypto, Uint8Array, Uint32Array });
  runInContext(outputFiles[0]?.text ?? "", context);
  web = runInContext("platform", context) as typeof node;
});

const text = fc.string({ unit: "grapheme" });
const bytes = fc.uint8Array({ maxLength: 30_000, size: "max" });

describe("without Buffer", () => {
  it("texts have the same bytes", () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(web.utf8Length(value)).toBe(node.utf8Length(value));
        expect([...web.utf8Bytes(value)]).toEqual([...node.utf8Bytes(value)]);
      }),
    );
  });

  it("base64 is the same, both ways", () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const encoded = node.toBase64(value);
        expect(web.toBase64(value)).toBe(encoded);
        const [ofWeb, ofNode] = [new Uint8Array(value.length), new Uint8Array(value.length)];
        web.writeBase64(encoded, ofWeb);
        node.writeBase64(encoded, ofNode);
        expect(Buffer.compare(ofWeb, value)).toBe(0);
        expect(Buffer.compare(ofNode, value)).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it("bytes are found at the same place", () => {
    // Of three values only, so that beginnings that lead nowhere are many.
    const few = (most: number) => fc.uint8Array({ max: 2, minLength: 1, maxLength: most });
    fc.assert(
      fc.property(few(200), few(4), fc.nat(220), (where, sought, from) => {
        const expected = node.indexOfBytes(node.fastView(where), sought, from);
        expect(web.indexOfBytes(web.fastView(where), sought, from)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("bytes are joined, and become text, in the same way", () => {
    const parts = [node.utf8Bytes("[1,"), new Uint8Array(0), node.utf8Bytes("-2.5e3]")];
    const joined = web.concatBytes(parts);
    expect(Buffer.compare(joined, node.concatBytes(parts))).toBe(0);
    const scratch = node.scratchBytes(16);
    scratch.set(joined);
    expect(web.asciiText(joined, 1, 9)).toBe("1,-2.5e3");
    expect(node.asciiText(scratch, 1, 9)).toBe("1,-2.5e3");
    expect(web.scratchBytes(3)).toHaveLength(3);
  });

  it("a text that nobody can guess is another one each time", () => {
    for (const { unguessable } of [node, web]) {
      expect(unguessable().length).toBeGreaterThan(10);
      expect(unguessable()).not.toBe(unguessable());
    }
  });
});
