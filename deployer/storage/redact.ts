/** Shorter texts are no secrets, and would be found in every sentence. */
const LEAST_CHARACTERS = 4;

/** A function that hides secrets in a text. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const hidden = secrets.filter(({ length }) => length >= LEAST_CHARACTERS);
  return (text) => hidden.reduce((left, secret) => left.replaceAll(secret, "(hidden)"), text);
}
