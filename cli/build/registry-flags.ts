import { text, texts, toggle } from "../option-kinds.ts";

/** The options of the verbs that speak to a registry. */
export const REGISTRY_OPTIONS = {
  registryUser: text({
    flag: "registry-user",
    placeholder: "<name>",
    default: undefined,
    doc: "Who asks the image's registry, with --password-stdin. Default: what docker login keeps.",
  }),
  passwordStdin: toggle({
    flag: "password-stdin",
    doc: "Read the password or token of --registry-user from stdin. It goes to the image's registry alone.",
  }),
  insecureRegistry: texts({
    flag: "insecure-registry",
    placeholder: "<host:port>",
    doc: "A registry to speak to without TLS. Those on this machine are spoken to so anyway.",
  }),
} as const;
