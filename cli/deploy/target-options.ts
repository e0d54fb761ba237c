import { text } from "../option-kinds.ts";
import type { ValuesOf } from "../verb.ts";

/** The options of every verb that talks to a cluster. */
export const TARGET_OPTIONS = {
  target: text({
    flag: "target",
    placeholder: "<name>",
    default: undefined,
    doc: "The place, by its name in the config file's targets. Default: the only one there.",
  }),
  context: text({
    flag: "context",
    placeholder: "<name>",
    default: undefined,
    doc: "The kubeconfig's context. Default: the target's, else the current one.",
  }),
  namespace: text({
    flag: "namespace",
    short: "n",
    placeholder: "<name>",
    default: undefined,
    doc: "The namespace. Default: the target's, else the context's.",
  }),
  kubeconfig: text({
    flag: "kubeconfig",
    placeholder: "<file>",
    default: undefined,
    doc: "The file that says how clusters are reached. Default: KUBECONFIG, else ~/.kube/config, else the pod's own cluster.",
  }),
  config: text({
    flag: "config",
    placeholder: "<path>",
    default: undefined,
    doc: "The config file, or the folder it lies in. Default: the current folder; there may be none.",
  }),
} as const;

/** What those options say. */
export type TargetWords = ValuesOf<typeof TARGET_OPTIONS>;
