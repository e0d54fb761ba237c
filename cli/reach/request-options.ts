import { integer, text, texts } from "../option-kinds.ts";

/** What goes with every request of a verb that asks a server. */
export const REQUEST_OPTIONS = {
  hostHeader: text({
    flag: "host-header",
    placeholder: "<host>",
    default: undefined,
    doc: "The Host header, by which a cluster's ingress finds the model. Default: the URL's host.",
  }),
  header: texts({
    flag: "header",
    short: "H",
    placeholder: "<'Name: value'>",
    doc: "A header of every request, such as 'Authorization: Bearer ...'.",
  }),
  timeoutMs: integer({
    flag: "timeout-ms",
    range: [1, 2_147_483_647],
    default: 60_000,
    doc: "Milliseconds to wait for an answer.",
  }),
} as const;
