/** The classes of the model, in its order. */
export const SPECIES = ["setosa", "versicolor", "virginica"] as const;

/** What a flower most likely is. */
export interface Guess {
  readonly species: (typeof SPECIES)[number];
  /** From 0 to 1. */
  readonly probability: number;
}

/** @param probabilities one for each species and flower, flower by flower */
export function likeliest(probabilities: Float32Array): readonly Guess[] {
  return Array.from({ length: probabilities.length / SPECIES.length }, (_, row) => {
    const all = probabilities.subarray(row * SPECIES.length, (row + 1) * SPECIES.length);
    const probability = Math.max(...all);
    return { species: SPECIES[all.indexOf(probability)] ?? SPECIES[0], probability };
  });
}
