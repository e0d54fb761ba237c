import type { CompletableFlag, CompletableVerb, Completion } from "./completable.ts";

/** The completion script for zsh, by its `_arguments`: the verb first, then what the verb takes. */
export function zshCompletion(
  verbs: readonly CompletableVerb[],
  everywhere: readonly CompletableFlag[],
): string {
  return `#compdef kserve-ts
# Completion of kserve-ts for zsh: source <(kserve-ts completion zsh), or a file _kserve-ts in a folder of $fpath
_kserve_ts() {
  local curcontext=$curcontext state line
  local -a verbs=(
${verbs.map(({ name, doc }) => `    ${quoted(`${name}:${doc}`)}`).join("\n")}
  )
  _arguments -C \\
${specs(everywhere)}
    '1:verb:->verb' '*::arguments:->arguments'
  case $state in
    verb) _describe verb verbs ;;
    arguments)
      case $line[1] in
${verbs.map(verbCase).join("\n")}
      esac ;;
  esac
}
if [[ $funcstack[1] == _kserve_ts ]]; then
  _kserve_ts "$@"
else
  compdef _kserve_ts kserve-ts
fi`;
}

function verbCase({ name, flags, arguments: places }: CompletableVerb): string {
  const positions = places.map((place, at) => `          '${at + 1}:argument:${action(place)}'`);
  return [
    `        ${name})`,
    `          _arguments \\`,
    [specs(flags), ...positions.map((line) => `${line} \\`)].filter((text) => text !== "").join("\n"),
    "          ;;",
  ].join("\n");
}

function specs(flags: readonly CompletableFlag[]): string {
  return flags
    .flatMap(flagSpecs)
    .map((spec) => `          ${quoted(spec)} \\`)
    .join("\n");
}

/** A spec for each spelling: they exclude each other, unless the flag may be repeated. */
function flagSpecs({ spellings, doc, value, isRepeatable }: CompletableFlag): readonly string[] {
  const others = isRepeatable ? "*" : `(${spellings.join(" ")})`;
  return spellings.map((spelling) => {
    if (value === undefined) return `${others}${spelling}[${escaped(doc)}]`;
    // \`--output=json\` and \`--output json\`, \`-o json\`.
    const joined = spelling.startsWith("--") ? "=" : "";
    return `${others}${spelling}${joined}[${escaped(doc)}]:value:${action(value)}`;
  });
}

function action(completion: Completion): string {
  switch (completion.kind) {
    case "words":
      return `(${completion.words.join(" ")})`;
    case "folder":
      return "_files -/";
    case "file":
      return "_files";
    case "any":
      return " ";
  }
}

/** Within a spec's brackets. */
function escaped(doc: string): string {
  return doc.replaceAll(/[[\]:\\]/g, "\\$&");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
