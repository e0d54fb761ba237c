import { parseAddress } from "../../client/address.ts";
import { HttpTransport } from "../../client/http/http-transport.ts";
import { KtsError, isKtsError } from "../../contract/errors.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { ReachedServer } from "../reach/reached-server.ts";
import type { ModelShape } from "./model-shape.ts";

/** A document of many models is long. */
const MOST_BYTES = 16 * 1_048_576;

/**
 * What the models of a server take and give, by name.
 * @param wanted only this model; undefined: all
 * @throws KtsError KTS_MODEL_NOT_FOUND where there is none; what InferenceClient throws
 */
export async function shapesOfServer(
  server: ReachedServer,
  wanted: string | undefined,
  timeoutMs: number,
): Promise<readonly ModelShape[]> {
  const names = wanted === undefined ? await server.rest.models() : [wanted];
  if (names.length === 0) {
    throw new KtsError("KTS_MODEL_NOT_FOUND", `${server.title} has no model`, {
      hint: "Load one, or take another server.",
    });
  }
  const schemas = await schemasOf(server, timeoutMs);
  return Promise.all(
    names.toSorted().map(async (name) => {
      const { inputs, outputs } = await server.rest.modelMetadata(name);
      const instance = instanceOf(schemas, name);
      const required = instance?.["required"];
      const isOptional = ({ name: input }: TensorSpec) =>
        Array.isArray(required) && inputs.length > 1 && !required.includes(input);
      return {
        name,
        inputs: inputs.map((spec) => (isOptional(spec) ? { ...spec, optional: true } : spec)),
        outputs,
        takesValues: inputs.length > 0 && instance !== undefined && Object.keys(instance).length > 0,
      };
    }),
  );
}

type Members = Readonly<Record<string, unknown>>;

/** The schemas of a server's OpenAPI document; none where it has no such document, or not ours. */
async function schemasOf({ rest, headers }: ReachedServer, timeoutMs: number): Promise<Members> {
  const address = parseAddress(rest.baseUrl);
  const transport = new HttpTransport(address);
  try {
    const { status, bytes } = await transport.send({
      method: "GET",
      path: `${address.prefix}/openapi.json`,
      headers,
      body: undefined,
      timeoutMs,
      signal: undefined,
      maxAnswerBytes: MOST_BYTES,
    });
    if (status !== 200) return {};
    const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return membersOf(membersOf(membersOf(document)["components"])["schemas"]);
  } catch (error) {
    if (isKtsError(error) || error instanceof SyntaxError) return {};
    throw error;
  } finally {
    transport.close();
  }
}

function instanceOf(schemas: Members, name: string): Members | undefined {
  const request = membersOf(schemas[`${name}.V1Request`]);
  const { items } = membersOf(membersOf(request["properties"])["instances"]);
  return items === undefined ? undefined : membersOf(items);
}

function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null ? (value as Members) : {};
}
