import { KtsError } from "../../contract/errors.ts";

/**
 * An SDK that not everybody installs.
 * @param load its import; the specifier is written out there, so that the import rule sees it
 * @param packages what to install, the imported one first
 * @throws KtsError KTS_PACKAGE_MISSING with the line that installs it
 */
export async function optionalPackage<T>(
  load: () => Promise<T>,
  packages: readonly [string, ...string[]],
  purpose: string,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw error;
    throw new KtsError("KTS_PACKAGE_MISSING", `${purpose} needs ${packages[0]}, which is not installed.`, {
      hint: `Run npm install ${packages.join(" ")}`,
      cause: error,
    });
  }
}
