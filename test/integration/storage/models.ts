import { createCipheriv } from "node:crypto";
import { type Content, bytesContent, digestsOf } from "../../../deployer/artifacts/content.ts";
import { contentHash } from "../../../deployer/artifacts/content-hash.ts";
import type { PackagedModel } from "../../../deployer/artifacts/types.ts";
import { SecretText, type SecretValues } from "../../../deployer/secret-text.ts";

export const MIB = 1 << 20;

/** Bytes that look random and are the same each time: a cipher's stream. */
export function someBytes(sizeBytes: number, seed = 1): Buffer {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(sizeBytes));
}

/** A model of these files. */
export async function modelOf(files: Readonly<Record<string, Buffer | Content>>): Promise<PackagedModel> {
  const hashed = await Promise.all(
    Object.entries(files).map(async ([path, of]) => {
      const content = Buffer.isBuffer(of) ? bytesContent(of) : of;
      return { path, content, ...(await digestsOf(content)), source: undefined };
    }),
  );
  hashed.sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    layout: "flat",
    format: "onnx",
    frameworks: {},
    warnings: [],
    files: hashed,
    sizeBytes: hashed.reduce((sum, { content }) => sum + content.sizeBytes, 0),
    contentHash: contentHash(hashed),
  };
}

/** Values of `deploy.secret`. */
export function secretOf(values: Readonly<Record<string, string>>): SecretValues {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, new SecretText(value)]));
}
