import type { StandardSchemaV1 } from "@standard-schema/spec";
import { InvalidInput, KtsError } from "../../contract/errors.ts";

/** Checks instances by a predictor's `instance` schema. */
export class InstanceSchema {
  readonly #validate: (value: unknown) => Validated | Promise<Validated>;

  constructor(schema: StandardSchemaV1) {
    this.#validate = schema["~standard"].validate;
  }

  /**
   * The instances as the schema gives them.
   * @throws InvalidInput (or a rejection with it) with the path of what does not fit
   */
  check(instances: readonly unknown[]): readonly unknown[] | Promise<readonly unknown[]> {
    const results = instances.map((instance) => this.#validate(instance));
    if (results.some((result) => result instanceof Promise)) {
      return Promise.all(results).then((settled) => settled.map(valueOf));
    }
    return (results as Validated[]).map(valueOf);
  }

  /**
   * As {@link check}, where nothing can wait.
   * @throws KtsError KTS_PREDICTOR_FAILED when the schema checks asynchronously
   */
  checkNow(instances: readonly unknown[]): readonly unknown[] {
    const checked = this.check(instances);
    if (!(checked instanceof Promise)) return checked;
    checked.catch(() => undefined);
    throw new KtsError(
      "KTS_PREDICTOR_FAILED",
      "the schema of instance checks asynchronously, which request.instances of a V2 request cannot wait for",
    );
  }
}

type Validated = StandardSchemaV1.Result<unknown>;

function valueOf(result: Validated, index: number): unknown {
  if (result.issues === undefined) return result.value;
  const [first, ...others] = result.issues;
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  throw new InvalidInput(`${first?.message ?? "does not fit the schema"}${more}`, {
    path: `instances[${index}]${(first?.path ?? []).map(segmentText).join("")}`,
  });
}

function segmentText(segment: PropertyKey | StandardSchemaV1.PathSegment): string {
  const key = typeof segment === "object" ? segment.key : segment;
  return typeof key === "number" ? `[${key}]` : `.${String(key)}`;
}
