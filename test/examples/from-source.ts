/** Imported ahead of a program (`node --import`): what it imports of kserve-ts is this checkout's source. */
import { registerHooks } from "node:module";

const SOURCES: Readonly<Record<string, string>> = {
  "kserve-ts": "contract",
  "kserve-ts/client": "client",
  "kserve-ts/runtime": "runtime",
  "kserve-ts/deployer": "deployer",
};

registerHooks({
  resolve(specifier, context, next) {
    const folder = SOURCES[specifier];
    return next(
      folder === undefined ? specifier : new URL(`../../${folder}/index.ts`, import.meta.url).href,
      context,
    );
  },
});
