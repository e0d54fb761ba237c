import { fileURLToPath } from "node:url";
import type { OwnFiles } from "../../builder/index.ts";
import { productVersion } from "../../runtime/product-version.ts";

const FROM_SOURCE = import.meta.url.endsWith(".ts");

/** Where this package lies, be it the source tree or the bundle in dist/. */
export function ownFiles(): OwnFiles {
  const at = (source: string, bundled: string) =>
    fileURLToPath(new URL(FROM_SOURCE ? source : bundled, import.meta.url));
  return {
    imageFolder: at("../../dist/image", "./image"),
    packageFolder: at("../../", "../"),
    version: productVersion(),
  };
}
