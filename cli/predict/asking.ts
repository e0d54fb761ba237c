import { KtsError, isKtsError } from "../../contract/errors.ts";
import type { Place } from "./place.ts";

/** Whom to ask, and how. */
export interface Asking {
  readonly place: Place;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** The model that the command line names. */
  readonly model: string | undefined;
  readonly explain: boolean;
}

/**
 * Makes a client of a place.
 * @param field how the client's error names its first argument
 * @throws KtsError KTS_USAGE when the URL or a header cannot be used
 */
export function usable<Client>(make: () => Client, field: "baseUrl" | "address", place: Place): Client {
  try {
    return make();
  } catch (error) {
    if (!isKtsError(error)) throw error;
    const problem = error.message.replace(`${field}: `, "");
    throw new KtsError("KTS_USAGE", `${place.namedBy}: ${problem}`, {
      cause: error,
      hint: field === "baseUrl" ? "Such as http://localhost:8080." : "Such as localhost:8081.",
    });
  }
}
