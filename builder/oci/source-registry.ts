import { buffer } from "node:stream/consumers";
import type { ImageReference } from "../registry/reference.ts";
import type { SourceImage, SourceOptions } from "./source.ts";
import { sourceImage } from "./source-image.ts";

/** An image of a registry: its documents are fetched, its layers are not. */
export async function openRegistryImage(
  name: string,
  reference: ImageReference,
  options: SourceOptions,
): Promise<SourceImage> {
  const { client } = options;
  const root = await client.manifest(reference, options.signal);
  return sourceImage(
    name,
    root.descriptor,
    {
      reference,
      async readManifest({ digest }, signal) {
        if (digest === root.descriptor.digest) return root.bytes;
        return (await client.manifest({ ...reference, digest }, signal)).bytes;
      },
      readBlob: async (descriptor, signal) => buffer(await client.openBlob(reference, descriptor, signal)),
      openBlob: (descriptor, signal) => client.openBlob(reference, descriptor, signal),
    },
    options,
  );
}
