/** Lines of a container's log that go with a failure. */
const LAST_LINES = 10;

/** So many are read: servers say more while they end. */
export const READ_LINES = 80;

const ERROR = /error|exception|fatal|panic|cannot|failed/i;

/** The line with which a stack trace says what happened: Python's last one, Node's and Java's first one. */
const THROWN = /^(Caused by: |Exception in thread .*?)?([\w$]+\.)*[\w$]*(Error|Exception)\b.*:\s/;

/**
 * The lines of a log's end that tell why a container failed: the last ones, and where none of them speaks of an error, the
 * error before them. MLServer and uvicorn say a dozen lines about their shutdown after what ended them.
 * @param lines none of them empty
 */
export function tellingLines(lines: readonly string[]): readonly string[] {
  const last = lines.slice(-LAST_LINES);
  if (last.some((line) => ERROR.test(line))) return last;
  const thrown = lines.findLast((line) => THROWN.test(line));
  return thrown === undefined ? last : [thrown, "...", ...last.slice(2 - LAST_LINES)];
}
