import { randomUUID } from "node:crypto";
import { DATATYPE_ARRAY } from "../contract/datatype.ts";
import { messageOf } from "../contract/errors.ts";
import type { PredictorLog } from "../contract/predictor.ts";
import type { TensorSpec } from "../contract/signature.ts";
import { type NamedTensors, type Tensor, elementCount } from "../contract/tensor.ts";
import type { ServedModel } from "./served-model.ts";

/**
 * Runs the model once before the server says it is ready, so that the first caller does not wait for what happens
 * only then (memory plans, compiled code). Zeros of the signature; nothing where more than the first dimension is
 * open, the predictor takes no tensors, or the model is a remote one, which may come up later. A model that cannot take
 * zeros is only warned about.
 */
export async function warmUp(model: ServedModel, log: PredictorLog): Promise<void> {
  const { info } = model;
  if (
    !info.takesTensors ||
    model.source.remote !== undefined ||
    !info.inputs.every((spec) => spec.shape.slice(1).every((length) => length >= 0))
  ) {
    return;
  }
  try {
    await model.executor.run(
      {
        verb: "predict",
        protocol: "v2",
        requestId: randomUUID(),
        headers: {},
        parameters: {},
        payload: { kind: "tensors", tensors: zeros(info.inputs) },
      },
      AbortSignal.timeout(model.deadlines.timeoutMs),
    );
  } catch (error) {
    log.warn(`the warm-up with zeros failed: ${messageOf(error)}`, { model: model.name });
  }
}

function zeros(specs: readonly TensorSpec[]): NamedTensors {
  const tensors: NamedTensors = Object.create(null) as NamedTensors;
  for (const spec of specs) {
    if (spec.optional === true) continue;
    const shape = spec.shape.map((length) => (length < 0 ? 1 : length));
    const count = elementCount(shape);
    const data =
      spec.datatype === "BYTES"
        ? Array.from({ length: count }, () => new Uint8Array(0))
        : new DATATYPE_ARRAY[spec.datatype](count);
    tensors[spec.name] = { datatype: spec.datatype, shape, data } as Tensor;
  }
  return tensors;
}
