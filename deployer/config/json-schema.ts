import { z } from "zod";
import { deployFileSchema } from "./schema.ts";

/**
 * The JSON Schema of the deployer's sections of `kserve.config.*`, for editors. Other sections are let pass. Checks that
 * a schema cannot say, such as a quantity's, are made when the file is read.
 */
export function deployJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = z.toJSONSchema(deployFileSchema, { io: "input", reused: "ref" });
  return {
    $schema,
    title: "kserve.config",
    description: "Settings of a kserve-ts project: what it deploys, and where.",
    ...schema,
    additionalProperties: true,
  };
}
