/** What a decoder may spend on one request, whatever the request says. */
export interface DecodeLimits {
  /** Levels that JSON may nest; also the most dimensions of a tensor. */
  readonly maxDepth: number;
  /** Memory in bytes that one tensor may take once decoded. */
  readonly maxTensorBytes: number;
}

/** The limits where none are set: 64 levels, 256 MiB a tensor. */
export const DEFAULT_LIMITS: DecodeLimits = { maxDepth: 64, maxTensorBytes: 256 * 1_048_576 };
