import type { Datatype } from "../../contract/datatype.ts";
import type { ErrorRecord } from "../../contract/errors.ts";
import type { NamedTensor, Payload, Prediction, Protocol, Verb } from "../../contract/inference.ts";
import type { NamedTensors, Tensor } from "../../contract/tensor.ts";
import type { Job, JobResult } from "../pipeline/executor.ts";
import { type Cargo, type LoadedData, type MayMove, unload } from "./transfer.ts";

/*
 * Jobs and results as they cross between threads: rows without member names. Cloning spends most of its time on
 * names and small objects; a small request and its answer take 2.5 us this way, and 8 us as the objects they are.
 */

/** A list of tensors, four entries each: name, datatype, shape, data. */
type TensorRow = readonly unknown[];

/** A job: the number its result comes back by, and its members. */
export type JobRow = readonly [
  id: number,
  verb: Verb,
  protocol: Protocol,
  requestId: string,
  /** JSON, parsed when the predictor reads `ctx.headers`. */
  headers: string,
  /** Undefined: none. */
  parameters: Readonly<Record<string, unknown>> | undefined,
  instances: readonly unknown[] | undefined,
  tensors: TensorRow | undefined,
];

/** How a job ended: an error, or an answer with the stages' milliseconds. */
export type ResultRow =
  | readonly [id: number, error: ErrorRecord]
  | readonly [
      id: number,
      error: undefined,
      kind: Prediction["kind"],
      value: unknown,
      queue: number,
      preProcess: number,
      predict: number,
      postProcess: number,
      /** The run it had a part in, as `RunShare` has it; 1 and -1 for a run of its own. */
      runRequests: number,
      runRows: number,
    ];

/** A row that is no error. */
export type AnswerRow = Extract<ResultRow, { length: 10 }>;

/** A job, ready to be sent; its large tensors go into the message's cargo. */
export function packJob(id: number, job: Job, cargo: Cargo): JobRow {
  const { verb, protocol, requestId, headers, parameters, payload } = job;
  return [
    id,
    verb,
    protocol,
    requestId,
    JSON.stringify(headers),
    Object.keys(parameters).length === 0 ? undefined : parameters,
    payload.kind === "instances" ? payload.instances : undefined,
    payload.kind === "tensors" ? packPayload(payload.tensors, cargo) : undefined,
  ];
}

function packPayload(tensors: NamedTensors, cargo: Cargo): TensorRow {
  const row: unknown[] = [];
  for (const name in tensors) {
    const tensor = tensors[name] as Tensor;
    row.push(name, tensor.datatype, tensor.shape, cargo.load(tensor, ownAll));
  }
  return row;
}

const ownAll = () => true;
const NO_PARAMETERS: Readonly<Record<string, unknown>> = Object.freeze({});

/** A job as it came. */
export class ReceivedJob implements Job {
  readonly id: number;
  readonly verb: Verb;
  readonly protocol: Protocol;
  readonly requestId: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly payload: Payload;
  readonly #headers: string;

  /** @param hold of the message it came in */
  constructor(row: JobRow, hold: ArrayBuffer | undefined) {
    const [id, verb, protocol, requestId, headers, parameters, instances, tensors] = row;
    this.id = id;
    this.verb = verb;
    this.protocol = protocol;
    this.requestId = requestId;
    this.parameters = parameters ?? NO_PARAMETERS;
    this.payload =
      instances === undefined
        ? { kind: "tensors", tensors: unpackPayload(tensors ?? [], hold) }
        : { kind: "instances", instances };
    this.#headers = headers;
  }

  get headers(): Readonly<Record<string, string>> {
    return JSON.parse(this.#headers) as Record<string, string>;
  }
}

function unpackPayload(row: TensorRow, hold: ArrayBuffer | undefined): NamedTensors {
  const tensors = Object.create(null) as NamedTensors;
  for (let at = 0; at < row.length; at += 4) tensors[row[at] as string] = tensorAt(row, at, hold);
  return tensors;
}

function tensorAt(row: TensorRow, at: number, hold: ArrayBuffer | undefined): Tensor {
  const datatype = row[at + 1] as Datatype;
  const shape = row[at + 2] as number[];
  return { datatype, shape, data: unload(row[at + 3] as LoadedData, datatype, shape, hold) };
}

/**
 * An answer, ready to be sent.
 * @param mayMove whether a block of memory is the answer's to give away
 */
export function packResult(
  id: number,
  { prediction, timings, run }: JobResult,
  cargo: Cargo,
  mayMove: MayMove,
): ResultRow {
  const { queue, preProcess, predict, postProcess } = timings;
  const value = packPrediction(prediction, cargo, mayMove);
  const [requests, rows] = run === undefined ? [1, -1] : [run.requests, run.rows];
  return [id, undefined, prediction.kind, value, queue, preProcess, predict, postProcess, requests, rows];
}

/** A prediction's value, ready to be sent beside its kind. */
export function packPrediction(prediction: Prediction, cargo: Cargo, mayMove: MayMove): unknown {
  switch (prediction.kind) {
    case "tensors": {
      const row: unknown[] = [];
      for (const tensor of prediction.tensors) {
        row.push(tensor.name, tensor.datatype, tensor.shape, cargo.load(tensor, mayMove));
      }
      return row;
    }
    case "array":
      return prediction.values;
    case "object":
      return prediction.value;
    case "text":
      return prediction.text;
    case "bytes":
      return cargo.loadBytes(prediction.bytes, mayMove);
  }
}

/** The answer of a row that is no error. */
export function unpackResult(row: AnswerRow, hold: ArrayBuffer | undefined): JobResult {
  const [, , kind, value, queue, preProcess, predict, postProcess, requests, rows] = row;
  return {
    prediction: unpackPrediction(kind, value, hold),
    timings: { queue, preProcess, predict, postProcess },
    ...(rows >= 0 && { run: { requests, rows } }),
  };
}

/** The prediction of a kind and a value that came. */
export function unpackPrediction(
  kind: Prediction["kind"],
  value: unknown,
  hold: ArrayBuffer | undefined,
): Prediction {
  switch (kind) {
    case "tensors":
      return { kind, tensors: unpackTensors(value as TensorRow, hold) };
    case "array":
      return { kind, values: value as readonly unknown[] };
    case "object":
      return { kind, value: value as Readonly<Record<string, unknown>> };
    case "text":
      return { kind, text: value as string };
    case "bytes":
      return { kind, bytes: value as Uint8Array };
  }
}

function unpackTensors(row: TensorRow, hold: ArrayBuffer | undefined): NamedTensor[] {
  const tensors: NamedTensor[] = [];
  for (let at = 0; at < row.length; at += 4) {
    const { datatype, shape, data } = tensorAt(row, at, hold);
    tensors.push({ name: row[at] as string, datatype, shape, data });
  }
  return tensors;
}
