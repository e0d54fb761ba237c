import { KtsError } from "../../contract/errors.ts";
import type { Predictor } from "../../contract/predictor.ts";
import type { Signature, TensorSpec } from "../../contract/signature.ts";

/**
 * The signature on the wire: what the predictor declares, else the engine's. A `predict` or `postProcess` may answer
 * with anything, so the engine's outputs then say nothing.
 */
export function wireSignature(predictor: Predictor, engine: Signature | undefined): Signature {
  const ownAnswer = predictor.predict !== undefined || predictor.postProcess !== undefined;
  return {
    inputs: predictor.inputs ?? engine?.inputs ?? [],
    outputs: predictor.outputs ?? (ownAnswer ? [] : (engine?.outputs ?? [])),
  };
}

/**
 * Where nothing of the predictor's stands between the wire and the engine, their names and datatypes must agree.
 * @throws KtsError KTS_PREDICTOR_INVALID with what differs
 */
export function checkAgainstEngine(predictor: Predictor, engine: Signature): void {
  if (predictor.predict !== undefined) return;
  if (predictor.inputs !== undefined && predictor.preProcess === undefined) {
    checkSide("inputs", predictor.inputs, engine.inputs, "a preProcess");
  }
  if (predictor.outputs !== undefined && predictor.postProcess === undefined) {
    checkSide("outputs", predictor.outputs, engine.outputs, "a postProcess");
  }
}

function checkSide(
  side: keyof Signature,
  declared: readonly TensorSpec[],
  actual: readonly TensorSpec[],
  remedy: string,
): void {
  const missing = side === "inputs" ? actual.filter(({ name }) => !find(declared, name)) : [];
  const differences = [
    ...declared.flatMap((spec) => {
      const own = find(actual, spec.name);
      if (own === undefined) return [`${spec.name} is declared, but the model has none of that name`];
      if (own.datatype === spec.datatype) return [];
      return [`${spec.name} is declared as ${spec.datatype}, but is ${own.datatype} in the model`];
    }),
    ...missing.map(({ name, datatype }) => `${name} (${datatype}) of the model is not declared`),
  ];
  if (differences.length === 0) return;
  throw new KtsError(
    "KTS_PREDICTOR_INVALID",
    `${side} do not fit the model file: ${differences.join("; ")}`,
    {
      hint: `Correct ${side}, leave them out, or write ${remedy} that converts.`,
    },
  );
}

function find(specs: readonly TensorSpec[], name: string): TensorSpec | undefined {
  return specs.find((spec) => spec.name === name);
}
