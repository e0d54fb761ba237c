import { EventEmitter } from "node:events";
import {
  MessageChannel,
  type MessagePort,
  type ResourceLimits,
  Worker,
  receiveMessageOnPort,
} from "node:worker_threads";
import type { ModelSource } from "../models/source.ts";
import type {
  FromSharedThread,
  FromWorker,
  LoadQuestion,
  ToSharedThread,
  ToWorker,
  WorkerBoot,
} from "./messages.ts";
import { ownEntry } from "./own-entry.ts";
import type { StartThread, ThreadShare, WorkerThread } from "./worker-thread.ts";

/**
 * Worker threads that host several models each, so that a thousand small models do not take a thousand threads. A model
 * that blocks holds up the others of its thread; one that dies takes them along, and all are loaded anew.
 */
export class SharedWorkers {
  readonly #most: number;
  readonly #threads = new Set<SharedThread>();

  /** @param most threads */
  constructor(most: number) {
    this.#most = most;
  }

  /** Threads there may be. */
  get most(): number {
    return this.#most;
  }

  /** Threads there are. */
  get threads(): number {
    return this.#threads.size;
  }

  /** Models in them. */
  get seats(): number {
    let seats = 0;
    for (const thread of this.#threads) seats += thread.seats;
    return seats;
  }

  /** Gives a model a place in the thread that has the fewest. */
  readonly start: StartThread = (boot, limits, isBusy) => {
    let emptiest: SharedThread | undefined;
    // The thread that has the model of changed code may keep it.
    for (const thread of this.#threads) if (thread.hasModelOf(boot.source)) return thread.take(boot, isBusy);
    for (const thread of this.#threads) {
      if (emptiest === undefined || thread.seats < emptiest.seats) emptiest = thread;
    }
    if (emptiest === undefined || (emptiest.seats > 0 && this.#threads.size < this.#most)) {
      const started = new SharedThread(limits, () => this.#threads.delete(started));
      this.#threads.add(started);
      emptiest = started;
    }
    return emptiest.take(boot, isBusy);
  };
}

/** A thread that hosts models, each with a port of its own. */
export class SharedThread {
  readonly #worker: Worker;
  readonly #seats = new Map<number, Seat>();
  readonly #onGone: () => void;
  readonly #questions = new Map<number, (loadMs: number | undefined) => void>();
  #nextSeat = 0;
  #nextQuestion = 0;

  /** @param onGone called once nobody may be given a place in it any more */
  constructor(resourceLimits: ResourceLimits, onGone: () => void) {
    this.#onGone = onGone;
    this.#worker = new Worker(new URL(ownEntry("worker")), {
      workerData: "shared",
      name: "shared",
      resourceLimits,
    });
    this.#worker.on("message", (message: FromSharedThread) => {
      if (message.type === "blame") this.#seats.get(message.seat)?.blame();
      else this.#questions.get(message.question)?.(message.loadMs);
    });
    this.#worker.on("error", (error: unknown) => this.#each((seat) => seat.emit("error", error)));
    this.#worker.on("exit", (code: number) => this.#exited(code));
  }

  get seats(): number {
    return this.#seats.size;
  }

  take(boot: WorkerBoot, isBusy: () => boolean): WorkerThread {
    const number = this.#nextSeat++;
    const { port1, port2 } = new MessageChannel();
    const seat = new Seat(this, number, port1, boot.source, isBusy);
    this.#seats.set(number, seat);
    const message: ToSharedThread = { seat: number, port: port2, boot };
    this.#worker.postMessage(message, [port2]);
    return seat;
  }

  leave(number: number): void {
    if (!this.#seats.delete(number) || this.#seats.size > 0) return;
    this.end();
  }

  /** Whether it hosts a model as it was before its code changed. */
  hasModelOf({ name, version, modelKey }: ModelSource): boolean {
    if (modelKey === undefined) return false;
    return this.#some(({ source }) => source.name === name && source.version === version);
  }

  /** Whether it hosts this very model, or tries to. */
  hosts(source: ModelSource): boolean {
    return this.#some((seat) => seat.source === source);
  }

  /** Gives up what was taken for a model, be it loaded or not. */
  release(source: ModelSource): void {
    for (const seat of [...this.#seats.values()]) if (seat.source === source) void seat.terminate();
  }

  /**
   * Milliseconds that the thread would take to load a model: 0 where it has it, as only code has changed; undefined where
   * it does not know.
   * @param mostMs how long it has to answer
   * @returns "busy" where it does not answer within that time
   */
  expectedLoadMs(source: ModelSource, mostMs: number): Promise<number | undefined | "busy"> {
    const question = this.#nextQuestion++;
    const { promise, resolve } = Promise.withResolvers<number | undefined | "busy">();
    const timer = setTimeout(resolve, mostMs, "busy");
    this.#questions.set(question, resolve);
    const message: LoadQuestion = { question, source };
    this.#worker.postMessage(message);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#questions.delete(question);
    });
  }

  #some(isSought: (seat: Seat) => boolean): boolean {
    for (const seat of this.#seats.values()) if (isSought(seat)) return true;
    return false;
  }

  isBusyBeside(seat: Seat): boolean {
    return [...this.#seats.values()].some((other) => other !== seat && other.isBusy);
  }

  end(): void {
    this.#onGone();
    void this.#worker.terminate();
  }

  #exited(code: number): void {
    this.#onGone();
    const seats = [...this.#seats.values()];
    this.#seats.clear();
    // To blame is whose code it was; where that is not known, whoever was at work; where nobody was, nobody.
    const blamed = seats.filter(({ isBlamed }) => isBlamed);
    const guilty = new Set(blamed.length > 0 ? blamed : seats.filter((seat) => seat.isBusy || !seat.isUp));
    for (const seat of seats) seat.threadEnded(code, !guilty.has(seat));
  }

  #each(visit: (seat: Seat) => void): void {
    for (const seat of this.#seats.values()) visit(seat);
  }
}

/** A model's place in a shared thread. */
class Seat extends EventEmitter implements WorkerThread, ThreadShare {
  readonly share = this;
  readonly source: ModelSource;
  readonly #thread: SharedThread;
  readonly #number: number;
  readonly #port: MessagePort;
  readonly #isBusy: () => boolean;
  #isUp = false;
  #isOver = false;
  #isBlamed = false;
  #isBystander = false;
  #ended = false;

  constructor(
    thread: SharedThread,
    number: number,
    port: MessagePort,
    source: ModelSource,
    isBusy: () => boolean,
  ) {
    super();
    this.source = source;
    this.#thread = thread;
    this.#number = number;
    this.#port = port;
    this.#isBusy = isBusy;
    port.on("message", (message: FromWorker) => this.#receive(message));
    port.on("messageerror", (error: unknown) => this.emit("messageerror", error));
    // A port closes as well when the thread dies, whose own end says more.
    port.on("close", () => this.#isOver && this.#end(0));
  }

  get isBusy(): boolean {
    return this.#isBusy();
  }

  /** Whether its model is loaded. */
  get isUp(): boolean {
    return this.#isUp;
  }

  get isBlamed(): boolean {
    return this.#isBlamed;
  }

  get isNeeded(): boolean {
    return this.#thread.isBusyBeside(this);
  }

  get isBystander(): boolean {
    return this.#isBystander;
  }

  blame(): void {
    this.#isBlamed = true;
  }

  postMessage(message: ToWorker, blocks: readonly ArrayBuffer[]): void {
    this.#port.postMessage(message, blocks);
  }

  async terminate(): Promise<void> {
    this.#port.close();
    this.#end(0);
  }

  end(): void {
    this.#thread.end();
  }

  threadEnded(code: number, isBystander: boolean): void {
    this.#isBystander = isBystander;
    // Answers that were sent before the end are answers.
    for (
      let next = receiveMessageOnPort(this.#port);
      next !== undefined;
      next = receiveMessageOnPort(this.#port)
    ) {
      this.#receive((next as { message: FromWorker }).message);
    }
    this.#port.close();
    this.#end(code);
  }

  #receive(message: FromWorker): void {
    if (!(message instanceof Array)) {
      this.#isUp ||= message.type === "ready";
      this.#isOver ||= message.type === "failed" || message.type === "inline";
    }
    this.emit("message", message);
  }

  #end(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#thread.leave(this.#number);
    this.emit("exit", code);
  }
}
