import type { DataPlane } from "../data-plane.ts";
import type { ServedModel } from "../served-model.ts";
import { textInputSpec } from "../../protocol/convert/index.ts";
import { v1Example, v2Example } from "./openapi-examples.ts";
import { type Schema, instanceSchema, tensorsSchema } from "./openapi-tensors.ts";

/** The server's routes as an OpenAPI 3.1 document, its bodies described by each model's signature. */
export function openApiDocument(plane: DataPlane, version: string): Schema {
  const paths: Record<string, unknown> = { ...serverPaths() };
  const schemas: Record<string, unknown> = {
    Error: ERROR_SCHEMA,
    GenerateRequest: GENERATE_REQUEST,
    GenerateResponse: GENERATE_RESPONSE,
  };
  for (const model of plane.served.filter((candidate) => candidate.load !== undefined)) {
    Object.assign(paths, modelPaths(model));
    Object.assign(schemas, modelSchemas(model));
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "kserve-ts",
      version,
      description: "KServe V1 and Open Inference Protocol (V2) with the binary tensor extension.",
    },
    paths,
    components: { schemas },
  };
}

const ERROR_SCHEMA: Schema = {
  type: "object",
  required: ["error"],
  properties: { error: { type: "string" } },
};

/** The Open Inference Protocol's, of generate_rest.yaml. */
const GENERATE_REQUEST: Schema = {
  type: "object",
  required: ["text_input"],
  properties: { text_input: { type: "string" }, parameters: { type: ["object", "null"] } },
};
const GENERATE_RESPONSE: Schema = {
  type: "object",
  required: ["text_output", "model_name"],
  properties: {
    text_output: { type: "string" },
    model_name: { type: "string" },
    model_version: { type: "string" },
    done: { type: "boolean", description: "Of an event: whether it is the last." },
  },
};

/** A stream, each event of which has such a value as its data. */
function events(schema: Schema): Schema {
  // An event's fields, of which `data` is JSON (OpenAPI 3.2, "Server-Sent Event Streams").
  const data = { type: "string", contentMediaType: "application/json", contentSchema: schema };
  const event = { type: "object", required: ["data"], properties: { event: { type: "string" }, data } };
  return { "text/event-stream": { schema: event } };
}

function json(schema: Schema, example?: unknown): Schema {
  return { "application/json": { schema, ...(example !== undefined && { example }) } };
}

function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

const FAILURES: Schema = {
  "4XX": { description: "The request is wrong; the text says where.", content: json(ref("Error")) },
  "5XX": { description: "The server or the model failed.", content: json(ref("Error")) },
};

function getOperation(summary: string, schema: Schema, tag: string): Schema {
  return {
    get: {
      summary,
      tags: [tag],
      responses: { 200: { description: "OK", content: json(schema) }, ...FAILURES },
    },
  };
}

function flag(name: string): Schema {
  return { type: "object", required: [name], properties: { [name]: { type: "boolean" } } };
}

const MODEL_LIST: Schema = {
  type: "object",
  properties: { models: { type: "array", items: { type: "string" } } },
};

const STATISTICS: Schema = {
  type: "object",
  properties: { model_stats: { type: "array", items: { type: "object" } } },
};

const INDEX_REQUEST: Schema = { type: "object", properties: { ready: { type: ["boolean", "null"] } } };

function repositoryPaths(): Schema {
  const text = { type: "string" };
  const item = { type: "object", properties: { name: text, version: text, state: text, reason: text } };
  const operation = (summary: string, body: Schema, answer: Schema) => ({
    post: {
      summary,
      tags: ["repository"],
      requestBody: { required: false, content: json(body) },
      responses: { 200: { description: "OK", content: json(answer) }, ...FAILURES },
    },
  });
  const change = (flag: string) => ({
    type: "object",
    properties: { name: text, [flag]: { const: true } },
  });
  const name = { name: "name", in: "path", required: true, schema: { type: "string", minLength: 1 } };
  const list = { type: "array", items: item };
  const anything = { type: "object" };
  return {
    "/v2/repository/index": {
      ...operation("What the model repository holds", INDEX_REQUEST, list),
      get: {
        summary: "What the model repository holds",
        tags: ["repository"],
        parameters: [{ name: "ready", in: "query", schema: { type: "boolean" } }],
        responses: { 200: { description: "OK", content: json(list) }, ...FAILURES },
      },
    },
    "/v2/repository/models/{name}/load": {
      parameters: [name],
      ...operation("Load a model, or load it again where its files changed", anything, change("load")),
    },
    "/v2/repository/models/{name}/unload": {
      parameters: [name],
      ...operation("Unload a model", anything, change("unload")),
    },
  };
}

function serverPaths(): Schema {
  const text = { type: "string" };
  const server = {
    type: "object",
    properties: { name: text, version: text, extensions: { type: "array", items: text } },
  };
  return {
    "/": getOperation(
      "Whether the server runs",
      { type: "object", properties: { status: { const: "alive" } } },
      "server",
    ),
    "/v2": getOperation("Server metadata", server, "server"),
    "/v2/health/live": getOperation("Whether the server runs", flag("live"), "server"),
    "/v2/health/ready": getOperation("Whether every model can answer", flag("ready"), "server"),
    "/v1/models": getOperation("The models", MODEL_LIST, "server"),
    "/v2/models": getOperation("The models", MODEL_LIST, "server"),
    "/v2/models/stats": getOperation("What was counted of every model", STATISTICS, "server"),
    ...repositoryPaths(),
  };
}

function modelPaths(model: ServedModel): Schema {
  const segment = encodeURIComponent(model.name);
  const paths: Record<string, unknown> = {
    [`/v1/models/${segment}`]: getOperation("Whether the model can answer", readySchema(), model.name),
    [`/v1/models/${segment}:predict`]: post(
      model,
      "Predict (V1)",
      "V1Request",
      "V1Response",
      v1Example(model),
    ),
    [`/v2/models/${segment}`]: getOperation("Model metadata", ref(`${model.name}.Metadata`), model.name),
    [`/v2/models/${segment}/stats`]: getOperation("What was counted", STATISTICS, model.name),
    [`/v2/models/${segment}/ready`]: getOperation("Whether the model can answer", readySchema(), model.name),
    [`/v2/models/${segment}/infer`]: post(model, "Infer (V2)", "V2Request", "V2Response", v2Example(model)),
  };
  Object.assign(paths, streamPaths(model, segment));
  if (model.info.explains) {
    paths[`/v1/models/${segment}:explain`] = post(
      model,
      "Explain (V1)",
      "V1Request",
      "V1Explanation",
      v1Example(model),
    );
  }
  return paths;
}

/** What streams, or generates text where the model takes one. */
function streamPaths(model: ServedModel, segment: string): Schema {
  const operation = (summary: string, request: Schema, response: Schema) => ({
    post: {
      summary,
      tags: [model.name],
      requestBody: { required: true, content: json(request) },
      responses: { 200: { description: "The prediction", content: response }, ...FAILURES },
    },
  });
  const [request, response] = [ref(`${model.name}.V2Request`), ref(`${model.name}.V2Response`)];
  const path = `/v2/models/${segment}`;
  const inferStream = operation("Infer (V2), answers as they come", request, events(response));
  const { inputs } = model.info;
  if (inputs.length > 0 && textInputSpec(inputs) === undefined)
    return { [`${path}/infer_stream`]: inferStream };
  const [ask, text] = [ref("GenerateRequest"), ref("GenerateResponse")];
  return {
    [`${path}/infer_stream`]: inferStream,
    [`${path}/generate`]: operation("Generate text", ask, json(text)),
    [`${path}/generate_stream`]: operation("Generate text, piece by piece", ask, events(text)),
  };
}

function readySchema(): Schema {
  return { type: "object", properties: { name: { type: "string" }, ready: { type: "boolean" } } };
}

function post(
  model: ServedModel,
  summary: string,
  request: string,
  response: string,
  example: unknown,
): Schema {
  return {
    post: {
      summary,
      tags: [model.name],
      requestBody: { required: true, content: json(ref(`${model.name}.${request}`), example) },
      responses: {
        200: {
          description: "The prediction; a stream of them where the client accepts that",
          content: { ...json(ref(`${model.name}.${response}`)), ...events(ref(`${model.name}.${response}`)) },
        },
        ...FAILURES,
      },
    },
  };
}

function modelSchemas(model: ServedModel): Schema {
  const { inputs, outputs, takesTensors } = model.info;
  const instance = takesTensors ? instanceSchema(inputs) : {};
  const text = { type: "string" };
  const optionalText = { type: ["string", "null"] };
  const parameters = {
    type: ["object", "null"],
    additionalProperties: { type: ["string", "number", "boolean"] },
  };
  const requested = {
    type: "object",
    required: ["name"],
    properties: { name: { type: "string", minLength: 1 }, parameters },
  };
  return {
    [`${model.name}.V1Request`]: {
      type: "object",
      required: ["instances"],
      properties: { instances: { type: "array", items: instance, ...(takesTensors && { minItems: 1 }) } },
    },
    [`${model.name}.V1Response`]: {
      type: "object",
      properties: {
        predictions: { type: "array", items: outputs.length === 0 ? {} : instanceSchema(outputs) },
      },
    },
    ...(model.info.explains && { [`${model.name}.V1Explanation`]: { type: "object" } }),
    [`${model.name}.V2Request`]: {
      type: "object",
      required: ["inputs"],
      properties: {
        id: optionalText,
        parameters,
        inputs: { type: "array", items: tensorsSchema(inputs), minItems: 1 },
        outputs: { type: ["array", "null"], items: requested },
      },
    },
    [`${model.name}.V2Response`]: {
      type: "object",
      required: ["model_name", "outputs"],
      properties: {
        model_name: { const: model.name },
        model_version: optionalText,
        id: text,
        outputs: { type: "array", items: tensorsSchema(outputs) },
      },
    },
    [`${model.name}.Metadata`]: {
      type: "object",
      properties: { name: text, platform: text, inputs: { type: "array" }, outputs: { type: "array" } },
    },
  };
}
