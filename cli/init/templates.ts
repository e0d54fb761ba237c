/** What each template is, in the order in which they are offered: a folder of `templates/` of that name. */
export const TEMPLATES = {
  function: "a predictor in plain TypeScript, without a model file",
  onnx: "an image classifier: an ONNX model with code around it (digits)",
} as const;

export type TemplateName = keyof typeof TEMPLATES;

export const TEMPLATE_NAMES = Object.keys(TEMPLATES) as readonly TemplateName[];
