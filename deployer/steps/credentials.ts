import { readFile } from "node:fs/promises";
import { KtsError, messageOf } from "../../contract/errors.ts";
import type { DeploySettings } from "../config/settings.ts";
import { type SecretValues, readSecretFiles } from "../secret-text.ts";

/**
 * A deployment's credentials with the text of a file in place of each `@path`; undefined where none are given, or an
 * existing Secret is named.
 * @throws KtsError KTS_CONFIG_INVALID when such a file cannot be read
 */
export async function readCredentials({ secret }: DeploySettings): Promise<SecretValues | undefined> {
  if (typeof secret !== "object") return undefined;
  return readSecretFiles(secret, async (path) => {
    try {
      return (await readFile(path, "utf8")).trimEnd();
    } catch (error) {
      throw new KtsError(
        "KTS_CONFIG_INVALID",
        `deploy.secret: @${path} cannot be read: ${messageOf(error)}`,
        {
          cause: error,
          hint: "A value that begins with @ is the path of a file with the value.",
        },
      );
    }
  });
}
