/** A request's parameters without those that speak of the form of its body; undefined where there are no others. */
export function ownParameters(
  parameters: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string | number | boolean>> | undefined {
  const { binary_data_output: _form, ...own } = parameters;
  if (Object.keys(own).length === 0) return undefined;
  return own as Readonly<Record<string, string | number | boolean>>;
}
