import { InvalidInput } from "../../contract/errors.ts";

/**
 * Triton lets a load bring its own configuration and files, which a server of folders has no place for.
 * @param names of the parameters that came with a load
 * @throws InvalidInput for one that would change what is loaded
 */
export function refuseOverrides(names: readonly string[]): void {
  for (const name of names) {
    if (name !== "config" && !name.startsWith("file:")) continue;
    throw new InvalidInput("a model is loaded as its folder has it; put the configuration and files there", {
      path: `parameters[${JSON.stringify(name)}]`,
    });
  }
}
