import { KtsError, isKtsError } from "../../contract/errors.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { Example } from "../examples/read-examples.ts";
import type { ReachedServer } from "../reach/reached-server.ts";

/** What is to be known of a model that is tested. */
export interface ModelFacts {
  readonly name: string;
  /** Empty where the server does not say. */
  readonly inputs: readonly TensorSpec[];
  /** Of its outputs, by name. */
  readonly datatypes: ReadonlyMap<string, string>;
  /** Whether the server takes tensors as bytes over REST. */
  readonly takesBytes: boolean;
}

/** The models of a place, each asked once for what it says of itself. */
export class TestedModels {
  readonly #place: ReachedServer;
  readonly #facts = new Map<string, Promise<ModelFacts>>();
  #names: Promise<readonly string[]> | undefined;
  #takesBytes: Promise<boolean> | undefined;

  constructor(place: ReachedServer) {
    this.#place = place;
  }

  /**
   * The model that an example is for: the one that is named, else that of its folder, else the only one.
   * @throws KtsError KTS_USAGE where there are several and it is not said which; what InferenceClient throws
   */
  async of({ name, model }: Pick<Example, "name" | "model">): Promise<ModelFacts> {
    return this.#factsOf(this.#place.modelName ?? (await this.#nameFor(name, model)));
  }

  async #nameFor(example: string, folder: string | undefined): Promise<string> {
    this.#names ??= this.#place.rest.models();
    const names = await this.#names;
    if (folder !== undefined && names.includes(folder)) return folder;
    const [only] = names;
    if (names.length === 1 && only !== undefined) return only;
    const listed = names.length === 0 ? "no model" : `the models ${names.join(", ")}`;
    throw new KtsError("KTS_USAGE", `it is not said which model ${example} is for: there is ${listed}`, {
      hint: "Put it into a folder of the model's name, as in examples/NAME/, or name one with --model.",
    });
  }

  #factsOf(name: string): Promise<ModelFacts> {
    const known = this.#facts.get(name) ?? this.#ask(name);
    this.#facts.set(name, known);
    return known;
  }

  async #ask(name: string): Promise<ModelFacts> {
    this.#takesBytes ??= this.#asksBytes();
    const [metadata, takesBytes] = await Promise.all([
      this.#place.rest.modelMetadata(name).catch(unknown),
      this.#takesBytes,
    ]);
    const outputs = metadata?.outputs ?? [];
    return {
      name,
      inputs: metadata?.inputs ?? [],
      datatypes: new Map(outputs.map((output) => [output.name, output.datatype])),
      takesBytes,
    };
  }

  /** KServe's runtimes say it; a server that says nothing at all is asked all the same. */
  async #asksBytes(): Promise<boolean> {
    const server = await this.#place.rest.serverMetadata().catch(unknown);
    return server === undefined || /\bbinary/.test(server.extensions.join(" "));
  }
}

/** A server that has no V2 says nothing of its models. */
function unknown(error: unknown): undefined {
  if (isKtsError(error) && error.code === "KTS_SERVER_ANSWERED") return undefined;
  throw error;
}
