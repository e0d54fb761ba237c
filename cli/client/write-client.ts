import type { TensorSpec } from "../../contract/signature.ts";
import { textInputSpec } from "../../protocol/convert/index.ts";
import type { ModelShape } from "./model-shape.ts";
import { type ModelNames, memberName, modelNames } from "./names.ts";
import { givenScalar, instanceType, specText, takenScalar, tensorComment } from "./tensor-texts.ts";

/**
 * A module of TypeScript with a client of these models: the same text for the same models, whatever their order.
 */
export function clientText(models: readonly ModelShape[]): string {
  const sorted = models.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const names = modelNames(sorted.map(({ name }) => name));
  const named = sorted.map((model, index) => ({ model, names: names[index] as ModelNames }));
  const sections = named.flatMap(({ model, names: own }) => modelSections(model, own));
  return `${[HEADER, importsText(sorted), ...sections, serverText(named)].join("\n\n")}\n`;
}

const HEADER = `/*
 * Written by \`kserve-ts client\` from what the models say they take and give.
 * Do not change it: write it anew when they change, and let \`kserve-ts client --check\` tell when they have.
 */`;

/** The names that the text uses, and no others: a project may refuse unused ones. */
function importsText(models: readonly ModelShape[]): string {
  const isTyped = models.some(({ inputs, outputs }) => inputs.length > 0 || outputs.length > 0);
  const isOpen = models.some(({ inputs, outputs }) => inputs.length === 0 || outputs.length === 0);
  const generates = models.some((model) => takesText(model));
  const contract = [...(isOpen ? ["NamedTensors"] : []), ...(isTyped ? ["Tensor"] : [])];
  const client = [
    "type ClientOptions",
    ...(generates ? ["type GenerateOptions"] : []),
    "InferenceClient",
    "type InferOptions",
    "type InferResult",
    "type ModelOptions",
    "type PredictOptions",
    "type RestModelClient",
  ];
  return [
    `import type { ${contract.join(", ")} } from "kserve-ts";`,
    `import {\n${client.map((name) => `  ${name},\n`).join("")}} from "kserve-ts/client";`,
  ].join("\n");
}

/** Whether a text alone is a request. */
function takesText({ inputs }: ModelShape): boolean {
  const spec = inputs.length === 0 ? undefined : textInputSpec(inputs);
  return spec !== undefined && inputs.every((input) => input === spec || input.optional === true);
}

function modelSections(model: ModelShape, names: ModelNames): readonly string[] {
  const { type } = names;
  return [
    signatureText(model, names),
    tensorsText(`What the model ${model.name} takes, by name.`, `${type}Inputs`, model.inputs),
    tensorsText(`What the model ${model.name} answers, by name.`, `${type}Outputs`, model.outputs),
    instanceText(model, names),
    predictionText(model, names),
    classText(model, names),
  ];
}

function signatureText({ name, inputs, outputs }: ModelShape, { member }: ModelNames): string {
  const list = (title: string, specs: readonly TensorSpec[]) => {
    return specs.length === 0
      ? []
      : [`  ${title}: [\n${specs.map((spec) => `    ${specText(spec)},\n`).join("")}  ],`];
  };
  return [
    `/** The signature of the model ${commented(name)}. -1 stands for any length. */`,
    `export const ${member}Signature = {`,
    ...list("inputs", inputs),
    ...list("outputs", outputs),
    "} as const;",
  ].join("\n");
}

function tensorsText(comment: string, type: string, specs: readonly TensorSpec[]): string {
  if (specs.length === 0) {
    return `/** ${commented(comment)} The server does not say which. */\nexport type ${type} = NamedTensors;`;
  }
  const members = specs.flatMap((spec) => {
    const optional = spec.optional === true;
    return [
      `  /** ${tensorComment(spec)} */`,
      `  readonly ${memberName(spec.name)}${optional ? "?" : ""}: Tensor<"${spec.datatype}">${optional ? " | undefined" : ""};`,
    ];
  });
  return [`/** ${commented(comment)} */`, `export interface ${type} {`, ...members, "}"].join("\n");
}

function instanceText({ name, inputs, takesValues }: ModelShape, { type }: ModelNames): string {
  const known = takesValues ? instanceType(inputs, takenScalar, memberName) : "unknown";
  const what = takesValues ? "" : " Which values these are, the predictor says.";
  return `/** One instance of V1 for the model ${commented(name)}.${what} */\nexport type ${type}Instance = ${known};`;
}

function predictionText({ name, outputs }: ModelShape, { type }: ModelNames): string {
  const comment = `What V1 has for an instance in the answer of the model ${commented(name)}.`;
  // Outputs that have no first dimension in common are told as columns.
  const isByRow = outputs.every(({ shape }) => shape.length > 0 && shape[0] === outputs[0]?.shape[0]);
  const known = isByRow ? instanceType(outputs, givenScalar, memberName) : "unknown";
  return `/** ${comment} */\nexport type ${type}Prediction = ${known};`;
}

function classText(model: ModelShape, { type, member }: ModelNames): string {
  const outputs = `InferResult<${type}Outputs>`;
  return [
    `/** The model ${commented(model.name)} of a server. */`,
    `export class ${type}Model {`,
    `  readonly #model: RestModelClient<typeof ${member}Signature>;`,
    "",
    "  /** @param client of the server, whose connections it uses */",
    "  constructor(client: InferenceClient) {",
    `    this.#model = client.model<typeof ${member}Signature>(${JSON.stringify(model.name)});`,
    "  }",
    "",
    "  /** Asks V2's infer, with tensors. */",
    `  infer(inputs: ${type}Inputs, options?: InferOptions): Promise<${outputs}> {`,
    "    return this.#model.infer(inputs, options);",
    "  }",
    "",
    "  /** Asks V2's infer_stream: each answer as it comes, one where the model does not stream. */",
    `  inferStream(inputs: ${type}Inputs, options?: InferOptions): AsyncGenerator<${outputs}, void, undefined> {`,
    "    return this.#model.inferStream(inputs, options);",
    "  }",
    "",
    "  /** Asks V1's predict, with one value an instance. */",
    `  predict(instances: readonly ${type}Instance[], options?: PredictOptions): Promise<readonly ${type}Prediction[]> {`,
    "    return this.#model.predict(instances, options);",
    "  }",
    ...(takesText(model) ? GENERATE : []),
    "",
    "  /** Whether the model can answer. */",
    "  ready(options?: ModelOptions): Promise<boolean> {",
    "    return this.#model.ready(options);",
    "  }",
    "}",
  ].join("\n");
}

const GENERATE: readonly string[] = [
  "",
  "  /** The text that goes with a text. */",
  "  generate(text: string, options?: GenerateOptions): Promise<string> {",
  "    return this.#model.generate(text, options);",
  "  }",
  "",
  "  /** The same piece by piece. */",
  "  generateStream(text: string, options?: GenerateOptions): AsyncGenerator<string, void, undefined> {",
  "    return this.#model.generateStream(text, options);",
  "  }",
];

function serverText(named: readonly { readonly model: ModelShape; readonly names: ModelNames }[]): string {
  return [
    "/** A server of these models. */",
    "export class Models implements Disposable {",
    "  /** What asks it, for all that is not of one of these models. */",
    "  readonly client: InferenceClient;",
    ...named.map(({ names }) => `  readonly ${names.member}: ${names.type}Model;`),
    "",
    "  /**",
    "   * @param baseUrl such as `http://localhost:8080`",
    "   * @throws InvalidInput when it is no URL",
    "   */",
    "  constructor(baseUrl: string | URL, options?: ClientOptions) {",
    "    this.client = new InferenceClient(baseUrl, options);",
    ...named.map(({ names }) => `    this.${names.member} = new ${names.type}Model(this.client);`),
    "  }",
    "",
    "  /** Closes the connections. Calls under way, and later ones, fail. */",
    "  close(): void {",
    "    this.client.close();",
    "  }",
    "",
    "  [Symbol.dispose](): void {",
    "    this.close();",
    "  }",
    "}",
  ].join("\n");
}

/** A name within a comment, which it must not end. */
function commented(text: string): string {
  return text.replaceAll("*/", "* /");
}
