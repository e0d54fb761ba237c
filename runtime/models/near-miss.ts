/** Names people write for ours, from other frameworks or by habit; lower case, without `_` and `-`. */
const HABITS: Readonly<Record<string, string>> = {
  onload: "load",
  loadmodel: "load",
  onunload: "unload",
  infer: "predict",
  predictor: "predict",
  timeout: "timeoutMs",
};

/**
 * The name of `known` that `name` was probably meant to be: another spelling (`pre_process`, `Predict`), one letter
 * off, or a habit of other frameworks. Undefined when it is one of them, or none is near.
 */
export function nearMiss(name: string, known: readonly string[]): string | undefined {
  if (known.includes(name)) return undefined;
  const plain = plainOf(name);
  const habit = HABITS[plain];
  if (habit !== undefined && known.includes(habit)) return habit;
  return (
    known.find((candidate) => plainOf(candidate) === plain) ??
    known.find((candidate) => candidate.length > 4 && isOneEditAway(plain, plainOf(candidate)))
  );
}

function plainOf(name: string): string {
  return name.replaceAll(/[_-]/g, "").toLowerCase();
}

/** One letter added, left out or changed, or two neighbours swapped. */
function isOneEditAway(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  const restA = a.slice(at);
  const restB = b.slice(at);
  return (
    restA.slice(1) === restB.slice(1) ||
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    (restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
  );
}
