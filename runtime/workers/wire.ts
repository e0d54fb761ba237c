import type { Datatype } from "../../contract/datatype.ts";
import { type ErrorRecord, type KtsError, fromErrorRecord } from "../../contract/errors.ts";
import type { NamedTensor, Payload, Prediction, Protocol, Verb } from "../../contract/inference.ts";
import type { NamedTensors, Tensor } from "../../contract/tensor.ts";
import type { Job, JobResult } from "../pipeline/executor.ts";
import { type Cargo, type LoadedData, type MayMove, unload } from "./transfer.ts";

/*
 * Jobs and results as they cross between threads: all members of a message one after another in a single list, without
 * names and nested objects, which is where cloning spends its time. What is written is read in the same order.
 */

/** A message, or a part of one. */
export type Flat = unknown[];

/** The block with the small tensors of a message; undefined where it has none. */
export type Hold = ArrayBuffer | undefined;

/** Reads a message's members in turn. */
export class FlatReader {
  readonly hold: Hold;
  readonly #flat: readonly unknown[];
  #at: number;

  /** @param from the first member that is read */
  constructor(flat: readonly unknown[], from: number, hold: Hold) {
    this.#flat = flat;
    this.#at = from;
    this.hold = hold;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#flat.length;
  }

  /** The next member, which is what the writer has put there. */
  next<T>(): T {
    return this.#flat[this.#at++] as T;
  }
}

/**
 * Writes a job; its large tensors go into the message's cargo.
 * @param isBare no code of the predictor's will see what is beside the payload
 */
export function writeJob(flat: Flat, id: number, job: Job, cargo: Cargo, isBare: boolean): void {
  const { verb, protocol, payload } = job;
  flat.push(id, verb, protocol);
  if (isBare) flat.push("", "{}", undefined);
  else {
    const { requestId, headers, parameters } = job;
    flat.push(requestId, JSON.stringify(headers), hasMembers(parameters) ? parameters : undefined);
  }
  if (payload.kind === "instances") flat.push(payload.instances);
  else {
    flat.push(undefined);
    writeTensors(flat, payload.tensors, cargo);
  }
}

function hasMembers(record: Readonly<Record<string, unknown>>): boolean {
  for (const _name in record) return true;
  return false;
}

function writeTensors(flat: Flat, tensors: NamedTensors, cargo: Cargo): void {
  const countAt = flat.push(0) - 1;
  let count = 0;
  for (const name in tensors) {
    writeTensor(flat, name, tensors[name] as Tensor, cargo, ownAll);
    count++;
  }
  flat[countAt] = count;
}

function writeTensor(flat: Flat, name: string, tensor: Tensor, cargo: Cargo, mayMove: MayMove): void {
  const { datatype, shape } = tensor;
  flat.push(name, datatype, cargo.load(tensor, mayMove), shape.length);
  for (const length of shape) flat.push(length);
}

/** Writes tensors whose data is loaded already, all of them with the same first dimension. */
export function writeLoaded(
  flat: Flat,
  name: string,
  { datatype, shape }: Tensor,
  data: LoadedData,
  rows: number,
): void {
  flat.push(name, datatype, data, shape.length, rows);
  for (let at = 1; at < shape.length; at++) flat.push(shape[at]);
}

/** What a request owns moves with it. */
export const ownAll: MayMove = () => true;

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

  constructor(reader: FlatReader) {
    this.id = reader.next();
    this.verb = reader.next();
    this.protocol = reader.next();
    this.requestId = reader.next();
    this.#headers = reader.next();
    this.parameters = reader.next<Readonly<Record<string, unknown>> | undefined>() ?? NO_PARAMETERS;
    const instances = reader.next<readonly unknown[] | undefined>();
    this.payload =
      instances === undefined
        ? { kind: "tensors", tensors: readTensors(reader) }
        : { kind: "instances", instances };
  }

  /** Parsed when it is read. */
  get headers(): Readonly<Record<string, string>> {
    return JSON.parse(this.#headers) as Record<string, string>;
  }
}

/** Tensors by name, as {@link writeJob} has written them. */
export function readTensors(reader: FlatReader): NamedTensors {
  const tensors = Object.create(null) as NamedTensors;
  for (let left = reader.next<number>(); left > 0; left--) {
    const { name, datatype, shape, data } = readTensor(reader);
    tensors[name] = { datatype, shape, data };
  }
  return tensors;
}

function readTensor(reader: FlatReader): NamedTensor {
  const name = reader.next<string>();
  const datatype = reader.next<Datatype>();
  const data = reader.next<LoadedData>();
  const shape: number[] = [];
  for (let rank = reader.next<number>(); rank > 0; rank--) shape.push(reader.next());
  return { name, datatype, shape, data: unload(data, datatype, shape, reader.hold) };
}

/** Writes that a job failed. */
export function writeError(flat: Flat, id: number, error: ErrorRecord): void {
  flat.push(id, error);
}

/**
 * Writes an answer.
 * @param mayMove whether a block of memory is the answer's to give away
 */
export function writeResult(flat: Flat, id: number, result: JobResult, cargo: Cargo, mayMove: MayMove): void {
  const { timings, run } = result;
  flat.push(id, undefined, timings.queue, timings.preProcess, timings.predict, timings.postProcess);
  // Whoever leads a run is told by the sign; a run of one's own has no requests.
  if (run === undefined) flat.push(0, 0);
  else flat.push(run.leads ? run.requests : -run.requests, run.rows);
  writePrediction(flat, result.prediction, cargo, mayMove);
}

/** Reads what follows a job's id: why it failed, or its answer. */
export function readResult(reader: FlatReader): KtsError | JobResult {
  const error = reader.next<ErrorRecord | undefined>();
  if (error !== undefined) return fromErrorRecord(error);
  const queue = reader.next<number>();
  const preProcess = reader.next<number>();
  const predict = reader.next<number>();
  const postProcess = reader.next<number>();
  const requests = reader.next<number>();
  const rows = reader.next<number>();
  const timings = { queue, preProcess, predict, postProcess };
  const prediction = readPrediction(reader);
  if (requests === 0) return { prediction, timings };
  return { prediction, timings, run: { requests: Math.abs(requests), rows, leads: requests > 0 } };
}

/** Writes a prediction; `mayMove` as of {@link writeResult}. */
export function writePrediction(flat: Flat, prediction: Prediction, cargo: Cargo, mayMove: MayMove): void {
  flat.push(prediction.kind);
  switch (prediction.kind) {
    case "tensors":
      flat.push(prediction.tensors.length);
      for (const tensor of prediction.tensors) writeTensor(flat, tensor.name, tensor, cargo, mayMove);
      return;
    case "array":
      flat.push(prediction.values);
      return;
    case "object":
      flat.push(prediction.value);
      return;
    case "text":
      flat.push(prediction.text);
      return;
    case "bytes":
      flat.push(cargo.loadBytes(prediction.bytes, mayMove));
  }
}

/** The prediction that comes next. */
export function readPrediction(reader: FlatReader): Prediction {
  const kind = reader.next<Prediction["kind"]>();
  switch (kind) {
    case "tensors":
      return { kind, tensors: Array.from({ length: reader.next<number>() }, () => readTensor(reader)) };
    case "array":
      return { kind, values: reader.next() };
    case "object":
      return { kind, value: reader.next() };
    case "text":
      return { kind, text: reader.next() };
    case "bytes":
      return { kind, bytes: reader.next() };
  }
}
