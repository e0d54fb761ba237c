/**
 * How what is under way is shown on stderr.
 * - `auto`: `tty` where stderr is a terminal, else `plain`.
 * - `tty`: lines that are drawn anew in place.
 * - `plain`: a line for each change.
 * - `json`: an object a line, errors and warnings as well.
 * - `quiet`: nothing but errors and warnings.
 */
export const PROGRESS_MODES = ["auto", "tty", "plain", "json", "quiet"] as const;

export type ProgressMode = (typeof PROGRESS_MODES)[number];

export const PROGRESS_VARIABLE = "KSERVE_TS_PROGRESS";

/**
 * The mode that the words of a command line ask for, before they are parsed: what is wrong with them is to be told in it.
 * A word that is no mode counts as none.
 */
export function progressMode(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ProgressMode {
  let wanted = env[PROGRESS_VARIABLE];
  for (const [at, word] of words.entries()) {
    if (word === "--") break;
    if (word === "--progress") wanted = words[at + 1];
    else if (word.startsWith("--progress=")) wanted = word.slice("--progress=".length);
    else if (word === "--quiet" || word === "-q") wanted = "quiet";
  }
  return PROGRESS_MODES.find((mode) => mode === wanted) ?? "auto";
}
