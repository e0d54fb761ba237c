let text: string | undefined;

/** The time for a Date header. It is made once a second. */
export function httpDate(): string {
  return (text ??= make());
}

function make(): string {
  const now = new Date();
  setTimeout(() => (text = undefined), 1000 - now.getMilliseconds()).unref();
  return now.toUTCString();
}
