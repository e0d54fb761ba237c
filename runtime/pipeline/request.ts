import { InvalidInput } from "../../contract/errors.ts";
import type { Payload, Protocol } from "../../contract/inference.ts";
import type { PredictRequest } from "../../contract/predictor.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { NamedTensors } from "../../contract/tensor.ts";
import { stackInstances, unstackTensors } from "../../protocol/convert/index.ts";
import type { DecodeLimits } from "../../protocol/limits.ts";
import type { InstanceSchema } from "./instance-schema.ts";

/** What the two views of a request are made by. */
export interface ViewRules {
  /** The signature's inputs; empty where it is not known. */
  readonly inputs: readonly TensorSpec[];
  readonly schema: InstanceSchema | undefined;
  readonly limits: DecodeLimits;
}

/** A request that converts itself into the other view when that is first read. */
export class LazyRequest implements PredictRequest {
  readonly protocol: Protocol;
  readonly kind: "instances" | "tensors";
  readonly #rules: ViewRules;
  #instances: readonly unknown[] | undefined;
  #tensors: NamedTensors | undefined;

  /** @param payload its instances checked by the schema already, where there is one */
  constructor(protocol: Protocol, payload: Payload, rules: ViewRules) {
    this.protocol = protocol;
    this.kind = payload.kind;
    this.#rules = rules;
    if (payload.kind === "instances") this.#instances = payload.instances;
    else this.#tensors = payload.tensors;
  }

  get instances(): readonly unknown[] {
    if (this.#instances === undefined) {
      const { schema } = this.#rules;
      const instances: readonly unknown[] = unstackTensors(this.#tensors as NamedTensors);
      this.#instances = schema === undefined ? instances : schema.checkNow(instances);
    }
    return this.#instances;
  }

  get tensors(): NamedTensors {
    if (this.#tensors === undefined) {
      const { inputs, limits } = this.#rules;
      if (inputs.length === 0) {
        throw new InvalidInput(
          "the model's inputs are not known, so instances cannot become tensors; the predictor can declare inputs",
        );
      }
      this.#tensors = stackInstances(this.#instances as readonly unknown[], inputs, limits);
    }
    return this.#tensors;
  }
}
