import { describeValue } from "../contract/describe.ts";
import { InvalidInput } from "../contract/errors.ts";
import { parseJson } from "../protocol/json/parse.ts";
import { readName, readObject, readOptionalString } from "../protocol/v2/members.ts";
import { readAs } from "./unreadable.ts";

/** A model of a server's repository. */
export interface IndexedModel {
  readonly name: string;
  /** Undefined where the model has none. */
  readonly version: string | undefined;
  /** Such as `READY`, `LOADING` or `UNAVAILABLE`; "" where the server does not say. */
  readonly state: string;
  /** Why it is in that state; "" where there is nothing to say. */
  readonly reason: string;
}

/** @throws KtsError KTS_SERVER_ANSWERED when the bytes are no repository index */
export function readIndex(bytes: Uint8Array): IndexedModel[] {
  return readAs("repository index", () => {
    const models = parseJson(bytes);
    if (!Array.isArray(models)) throw new InvalidInput(`expected an array, got ${describeValue(models)}`);
    return models.map((model: unknown, index) => {
      const members = readObject(model, `[${index}]`);
      const text = (name: string) => readOptionalString(members[name], `[${index}].${name}`) ?? "";
      const version = text("version");
      return {
        name: readName(members["name"], `[${index}].name`),
        version: version === "" ? undefined : version,
        state: text("state"),
        reason: text("reason"),
      };
    });
  });
}
