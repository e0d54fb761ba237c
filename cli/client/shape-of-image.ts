import { inspectLocal } from "../../builder/docker/inspect-local.ts";
import { inspectImage } from "../../builder/inspect.ts";
import { placeOf } from "../../builder/oci/image-source.ts";
import { RegistryClient } from "../../builder/registry/registry-client.ts";
import { isDatatype } from "../../contract/datatype.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import { registryAccess } from "../build/registry-options.ts";
import type { Environment } from "../verb.ts";
import type { ModelShape } from "./model-shape.ts";

/**
 * What the model of an image takes and gives, as the labels of `kserve-ts build` have it. The Docker engine's image,
 * where it has it, else the registry's.
 * @returns undefined where the labels do not say it: it was not proven, or holds several models
 * @throws KtsError as `inspectImage`
 */
export async function shapeOfImage(image: string, env: Environment): Promise<ModelShape | undefined> {
  const words = { registryUser: undefined, passwordStdin: false, insecureRegistry: [] };
  const client = new RegistryClient(await registryAccess(words, image, env));
  const { signal } = new AbortController();
  const isName = (await placeOf(image)).kind === "registry";
  const local = isName ? await inspectLocal(image, { env, platform: undefined, signal }) : undefined;
  const { model } = local ?? (await inspectImage(image, { client, signal, platform: undefined }));
  const { inputs, outputs } = (model?.signature ?? {}) as { inputs?: unknown; outputs?: unknown };
  const [takes, gives] = [specsOf(inputs), specsOf(outputs)];
  if (model?.name === undefined || takes === undefined || gives === undefined) return undefined;
  return { name: model.name, inputs: takes, outputs: gives, takesValues: false };
}

function specsOf(value: unknown): readonly TensorSpec[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const specs = value.filter(isSpec).map(({ name, datatype, shape }) => ({ name, datatype, shape }));
  return specs.length === value.length ? specs : undefined;
}

function isSpec(value: unknown): value is TensorSpec {
  const { name, datatype, shape } = (value ?? {}) as Partial<Record<keyof TensorSpec, unknown>>;
  return (
    typeof name === "string" && isDatatype(datatype) && Array.isArray(shape) && shape.every(Number.isInteger)
  );
}
