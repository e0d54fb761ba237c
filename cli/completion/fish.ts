import type { CompletableFlag, CompletableVerb, Completion } from "./completable.ts";

/** The completion script for fish: one `complete` for each verb, flag and argument. */
export function fishCompletion(
  verbs: readonly CompletableVerb[],
  everywhere: readonly CompletableFlag[],
): string {
  const noVerb = "__fish_use_subcommand";
  return [
    "# Completion of kserve-ts for fish: kserve-ts completion fish | source",
    "complete -c kserve-ts -f",
    ...verbs.map(({ name, doc }) => entry(noVerb, `-a ${name} -d ${quoted(doc)}`)),
    ...everywhere.map((flag) => flagEntry(noVerb, flag)),
    ...verbs.flatMap((verb) => {
      const condition = `__fish_seen_subcommand_from ${verb.name}`;
      return [
        ...verb.flags.map((flag) => flagEntry(condition, flag)),
        ...verb.arguments.flatMap((argument) => {
          const answers = answersOf(argument);
          return answers === "" ? [] : [entry(condition, answers)];
        }),
      ];
    }),
  ].join("\n");
}

function flagEntry(condition: string, { spellings, doc, value }: CompletableFlag): string {
  const names = spellings.map((spelling) =>
    spelling.startsWith("--") ? `-l ${spelling.slice(2)}` : `-s ${spelling.slice(1)}`,
  );
  const takes =
    value === undefined ? "" : ` ${value.kind === "file" ? "-r" : "-x"} ${answersOf(value)}`.trimEnd();
  return entry(condition, `${names.join(" ")} -d ${quoted(doc)}${takes}`);
}

function entry(condition: string, rest: string): string {
  return `complete -c kserve-ts -n ${quoted(condition)} ${rest}`;
}

function answersOf(completion: Completion): string {
  switch (completion.kind) {
    case "words":
      return `-a ${quoted(completion.words.join(" "))}`;
    case "folder":
      return "-a '(__fish_complete_directories)'";
    case "file":
      return "-F";
    case "any":
      return "";
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
}
