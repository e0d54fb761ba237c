import type { ModelSignature } from "./proof-report.ts";

type Spec = ModelSignature["inputs"][number];

/**
 * What a declared signature and the model's own disagree about, a line each; empty when they agree. A side of the
 * declaration that is empty is not known, and disagrees with nothing.
 */
export function signatureDiff(declared: ModelSignature, actual: ModelSignature): string[] {
  return [
    ...sideDiff("input", declared.inputs, actual.inputs),
    ...sideDiff("output", declared.outputs, actual.outputs),
  ];
}

function sideDiff(side: "input" | "output", declared: readonly Spec[], actual: readonly Spec[]): string[] {
  if (declared.length === 0) return [];
  const lines = declared.flatMap((spec) => {
    const there = actual.find(({ name }) => name === spec.name);
    if (there === undefined) {
      const names = actual.map(({ name }) => name).join(", ") || "none";
      return [`- ${side} ${textOf(spec)} is declared, and the model has no ${spec.name} (it has: ${names})`];
    }
    return isSame(spec, there)
      ? []
      : [`- ${side} ${textOf(spec)} is declared\n+ ${side} ${textOf(there)} is the model's`];
  });
  const extra = actual.filter(({ name }) => !declared.some((spec) => spec.name === name));
  return [...lines, ...extra.map((spec) => `+ ${side} ${textOf(spec)} is the model's, and not declared`)];
}

function isSame(a: Spec, b: Spec): boolean {
  return (
    a.datatype === b.datatype &&
    a.shape.length === b.shape.length &&
    a.shape.every((n, i) => n === b.shape[i])
  );
}

function textOf({ name, datatype, shape }: Spec): string {
  return `${name} ${datatype} [${shape.join(", ")}]`;
}
