import { z } from "zod";
import { isDnsLabel, isObjectName, isVariableName, labelValueProblem, metadataKeyProblem } from "./names.ts";
import { quantityProblem, quantityValue } from "./quantity.ts";

/** A text that a check may refuse: the check says what is expected in its place. */
export function checkedText(problem: (text: string) => string | undefined): z.ZodString {
  return z.string().superRefine((text, context) => {
    const expected = problem(text);
    if (expected !== undefined) context.addIssue(expected);
  });
}

export const text = checkedText((value) => (value === "" ? "a text that is not empty" : undefined));

export const objectName = checkedText((name) =>
  isObjectName(name) ? undefined : "a name of lower-case letters, digits, - and .",
);

export const namespaceName = checkedText((name) =>
  isDnsLabel(name) ? undefined : "a namespace of lower-case letters, digits and -, at most 63",
);

export const httpUrl = checkedText((url) =>
  URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
    ? undefined
    : "a URL such as http://host or https://host:port/path",
);

/** An image, with the tag or digest that may follow it. */
export const imageName = checkedText((image) => {
  if (/^[a-z]+:\/\//.test(image)) return `an image without ${image.split("://")[0]}://`;
  return /^[a-zA-Z0-9][\w.:/-]*(@sha256:[0-9a-f]{64})?$/.test(image)
    ? undefined
    : "an image such as registry.example.com/digits:1";
});

export function integer(least: number, most = Number.MAX_SAFE_INTEGER): z.ZodNumber {
  return z.int().min(least).max(most);
}

const quantity = z.union([z.string(), z.number()], { error: 'a quantity such as "500m" or "2Gi"' });

/** Amounts by resource, each checked with the resource's own rules. */
const amounts = z.record(z.string(), quantity).superRefine((values, context) => {
  for (const [resource, value] of Object.entries(values)) {
    const expected = quantityProblem(resource, value);
    if (expected !== undefined) context.addIssue({ code: "custom", message: expected, path: [resource] });
  }
});

export const resources = z
  .strictObject({
    requests: amounts.optional().describe("What the scheduler keeps free for the container."),
    limits: amounts.optional().describe("What the container may have at most."),
  })
  .superRefine(({ requests = {}, limits = {} }, context) => {
    for (const [resource, request] of Object.entries(requests)) {
      const least = quantityValue(request);
      const most = limits[resource] === undefined ? undefined : quantityValue(limits[resource]);
      if (least !== undefined && most !== undefined && least > most) {
        const message = `at most the limit, ${limits[resource]}`;
        context.addIssue({ code: "custom", message, path: ["requests", resource] });
      }
    }
  });

export const gpu = z.union(
  [
    integer(0, 64),
    z.strictObject({ count: integer(0, 64), resource: text.optional().describe("Default nvidia.com/gpu.") }),
  ],
  { error: "a number of GPUs, or { count, resource }" },
);

const envSource = z.union(
  [
    z.strictObject({ secret: objectName, key: text, optional: z.boolean().optional() }),
    z.strictObject({ configMap: objectName, key: text, optional: z.boolean().optional() }),
  ],
  { error: "a text, or { secret, key } or { configMap, key }" },
);

export const env = z
  .record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean(), envSource], {
      error: "a text, or { secret, key } or { configMap, key }",
    }),
  )
  .superRefine((variables, context) => {
    for (const name of Object.keys(variables)) {
      const expected = variableProblem(name);
      if (expected !== undefined) context.addIssue({ code: "custom", message: expected, path: [name] });
    }
  });

function variableProblem(name: string): string | undefined {
  if (!isVariableName(name)) return "a variable's name of letters, digits, _, - and .";
  return name === "PYTHONPATH" ? "no PYTHONPATH: KServe refuses it for reasons of security" : undefined;
}

export const nodeSelector = z.record(z.string(), z.string());

export const labels = z.record(z.string(), z.string()).superRefine((values, context) => {
  for (const [key, value] of Object.entries(values)) {
    const expected = metadataKeyProblem(key) ?? labelValueProblem(value);
    if (expected !== undefined) context.addIssue({ code: "custom", message: expected, path: [key] });
  }
});

export const annotations = z.record(z.string(), z.string()).superRefine((values, context) => {
  for (const key of Object.keys(values)) {
    const expected = metadataKeyProblem(key);
    if (expected !== undefined) context.addIssue({ code: "custom", message: expected, path: [key] });
  }
});

export const toleration = z.strictObject({
  key: text.optional(),
  operator: z.enum(["Equal", "Exists"]).optional(),
  value: z.string().optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
  tolerationSeconds: integer(0).optional(),
});

export const logger = z.strictObject({
  url: httpUrl,
  mode: z.enum(["all", "request", "response"]).optional().describe("Default all."),
  metadataHeaders: z.array(text).optional(),
});

export const batcher = z.strictObject({
  maxBatchSize: integer(1).optional(),
  maxLatencyMs: integer(1).optional(),
  timeoutSeconds: integer(1).optional(),
});
