import { dockerConfigCredentials } from "../../../builder/registry/docker-config.ts";
import { formatReference, isLoopback, parseReference } from "../../../builder/registry/reference.ts";
import { RegistryClient } from "../../../builder/registry/registry-client.ts";
import { isKtsError } from "../../../contract/errors.ts";
import type { Check, Outcome } from "../../../deployer/doctor/check.ts";
import type { MachineSubject } from "../machine-checks.ts";

/** Whether the image's registry answers, with credentials or without. */
export const registry: Check<MachineSubject> = {
  name: "registry",
  async run({ env, settings }, signal) {
    const image = settings?.image;
    if (image === undefined) return { status: "skipped", message: "no image is set in the config file" };
    const reference = parseReference(image);
    const { registry: host } = reference;
    const credentialsFor = dockerConfigCredentials(env);
    const hasCredentials = (await credentialsFor(host, signal)) !== undefined;
    const login = hasCredentials ? `with the credentials of docker login` : "without credentials";
    // The reason is worth more than a further try, and there is no time for both.
    const client = new RegistryClient({ credentialsFor, insecure: [], tries: 2 });
    try {
      const { digest } = await client.resolve(reference, signal);
      return { status: "ok", message: `${host} has ${image} (${digest.slice(0, 19)}), asked ${login}` };
    } catch (error) {
      if (!isKtsError(error)) throw error;
      return outcomeOf(error.code, error.message, error.hint, {
        host,
        login,
        name: formatReference(reference),
      });
    }
  },
};

function outcomeOf(
  code: string,
  message: string,
  fix: string,
  { host, login, name }: { readonly host: string; readonly login: string; readonly name: string },
): Outcome {
  if (code === "KTS_IMAGE_NOT_FOUND") {
    return {
      status: "warn",
      message: `${host} answers ${login}, and has no ${name}`,
      fix: "Build and push it: kserve-ts build --push.",
    };
  }
  if (code === "KTS_REGISTRY_UNREACHABLE" && isLoopback(host)) {
    return {
      status: "warn",
      message: `${message}; nodes of a cluster pull nothing from ${host}, they have such an image already or not at all`,
      fix,
    };
  }
  return { status: "fail", message: `${message} (asked ${login})`, fix };
}
