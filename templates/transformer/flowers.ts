import { HttpError } from "kserve-ts";

const CENTIMETRES_PER_INCH = 2.54;

/** The classes of the model, in its order. */
const SPECIES: readonly string[] = ["setosa", "versicolor", "virginica"];

/** Inches in centimetres, to a hundredth: the classifier was trained with tenths. */
export function toCentimetres(inches: Float64Array): Float64Array {
  return inches.map((value) => Math.round(value * CENTIMETRES_PER_INCH * 100) / 100);
}

/**
 * The species by the numbers of their classes.
 * @throws HttpError 502 when the classifier answered with something else
 */
export function speciesOf(classes: unknown): string[] {
  if (!Array.isArray(classes)) throw new HttpError(502, "the classifier answered without a list of classes");
  return classes.map((number: unknown) => {
    const species = SPECIES[Number(number)];
    if (species === undefined)
      throw new HttpError(502, `the classifier answered with the class ${String(number)}`);
    return species;
  });
}
