import { type KtsError, isKtsError } from "../../../contract/errors.ts";

/** The error of ours that a promise ends with. @throws Error when it does not */
export async function failureOf(promise: Promise<unknown>): Promise<KtsError> {
  const [error] = await promise.then(
    () => [undefined],
    (reason: unknown) => [reason],
  );
  if (isKtsError(error)) return error;
  throw new Error("expected an error of ours", { cause: error });
}
