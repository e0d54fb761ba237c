/** SOURCE_DATE_EPOCH: seconds since 1970, for builds that are to bear a time. Undefined where it is not, or no number. */
export function sourceDateEpoch(
  env: Readonly<Record<string, string | undefined>> = process.env,
): number | undefined {
  const text = env["SOURCE_DATE_EPOCH"] ?? "";
  return /^\d{1,11}$/.test(text) ? Number(text) : undefined;
}
