import type { BuiltImage, PublishedImage } from "../../builder/index.ts";
import type { ProofReport } from "../../builder/proof/index.ts";

/** What came of a build. */
export interface BuildOutcome {
  /** One for each platform. */
  readonly images: readonly BuiltImage[];
  /** Undefined: nothing was pushed. */
  readonly published: PublishedImage | undefined;
  /** Undefined: it was not run, or it was proven when it was built and has not changed since. */
  readonly proof: ProofReport | undefined;
  /** Where it was written to. */
  readonly layout: string | undefined;
  readonly archive: string | undefined;
  /** What went not as it should have, a sentence each. */
  readonly warnings: readonly string[];
}
