/** A template of `kserve-ts init`: a folder of `templates/`. */
export interface Template {
  /** What it is, in a line without a full stop. */
  readonly what: string;
  /** What to do with the new project once its packages are there: words after `kserve-ts`, with `{{name}}` for its name. */
  readonly next: readonly string[];
}

const USUAL = ["test", "serve --watch"];

/** Every template, in the order in which they are offered. */
export const TEMPLATES = {
  function: { what: "a predictor in plain TypeScript, without a model file", next: USUAL },
  onnx: { what: "an image classifier: an ONNX model with code around it (digits)", next: USUAL },
  "sklearn-onnx": { what: "a scikit-learn model of table rows, exported to ONNX (iris)", next: USUAL },
  tensorflow: { what: "a TensorFlow.js model, run without a native addon (digits)", next: USUAL },
  transformer: {
    what: "code in front of a predictor on another server",
    next: ["test", "serve remote --http-port 8090 --grpc-port 0 --model-name {{name}}", "serve --watch"],
  },
  streaming: { what: "answers that come one by one, from an async generator", next: USUAL },
  "multi-model": { what: "several models in one server", next: USUAL },
  standard: {
    what: "no code: a scikit-learn model for KServe's own runtime",
    next: ["test", "deploy --dry-run"],
  },
} as const satisfies Readonly<Record<string, Template>>;

export type TemplateName = keyof typeof TEMPLATES;

export const TEMPLATE_NAMES = Object.keys(TEMPLATES) as readonly TemplateName[];
