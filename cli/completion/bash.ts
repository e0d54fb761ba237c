import type { CompletableFlag, CompletableVerb, Completion } from "./completable.ts";

/**
 * The completion script for bash. `=` parts words there, so that `--output=js` comes as three. A verb is the first word
 * that is no flag, as the command line itself sees it.
 */
export function bashCompletion(
  verbs: readonly CompletableVerb[],
  everywhere: readonly CompletableFlag[],
): string {
  return `# Completion of kserve-ts for bash: source <(kserve-ts completion bash)
_kserve_ts() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} verb= place=0 at
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    [[ \${COMP_WORDS[at]} == -* || \${COMP_WORDS[at]} == = || \${COMP_WORDS[at-1]} == = ]] && continue
    if [[ -z $verb ]]; then
      verb=\${COMP_WORDS[at]}
    elif ! _kserve_ts_takes_value "$verb" "\${COMP_WORDS[at-1]}"; then
      place=$((place + 1))
    fi
  done
  COMPREPLY=()
  case "$verb $previous" in
${verbs.flatMap(valueCases).join("\n")}
  esac
  if [[ $current == -* ]]; then
    case "$verb" in
${verbs.map(({ name, flags }) => `      ${name}) COMPREPLY=($(compgen -W '${spellings(flags)}' -- "$current")) ;;`).join("\n")}
      '') COMPREPLY=($(compgen -W '${spellings(everywhere)}' -- "$current")) ;;
    esac
    return
  fi
  case "$verb $place" in
    ' 0') COMPREPLY=($(compgen -W '${verbs.map(({ name }) => name).join(" ")}' -- "$current")) ;;
${verbs.flatMap(argumentCases).join("\n")}
  esac
}
_kserve_ts_takes_value() {
  case "$1 $2" in
    ${verbs.flatMap((verb) => verb.flags.filter(({ value }) => value !== undefined).map((flag) => patterns(verb, flag))).join(" | ")}) return 0 ;;
  esac
  return 1
}
complete -F _kserve_ts kserve-ts`;
}

function valueCases(verb: CompletableVerb): readonly string[] {
  return verb.flags.flatMap((flag) =>
    flag.value === undefined ? [] : [`    ${patterns(verb, flag)}) ${reply(flag.value)}; return ;;`],
  );
}

function argumentCases({ name, arguments: places }: CompletableVerb): readonly string[] {
  return places.map((completion, place) => `    '${name} ${place}') ${reply(completion)} ;;`);
}

function patterns({ name }: CompletableVerb, { spellings: words }: CompletableFlag): string {
  return words.map((word) => `'${name} ${word}'`).join(" | ");
}

function reply(completion: Completion): string {
  switch (completion.kind) {
    case "words":
      return `COMPREPLY=($(compgen -W '${completion.words.join(" ")}' -- "$current"))`;
    case "folder":
      return paths("-d");
    case "file":
      return paths("-f");
    case "any":
      return ":";
  }
}

/** Names with blanks stay whole. The bash of macOS has no compopt, and no slash after a folder then. */
function paths(kind: "-d" | "-f"): string {
  return `compopt -o filenames 2>/dev/null; local IFS=$'\\n'; COMPREPLY=($(compgen ${kind} -- "$current"))`;
}

function spellings(flags: readonly CompletableFlag[]): string {
  return flags.flatMap((flag) => flag.spellings).join(" ");
}
