import { type ByteReader, CutShort } from "./byte-reader.ts";
import { type PickleValue, Mark, PickleGlobal, PickleObject, itemsOf } from "./pickle-values.ts";
import { numpyDataBytes } from "./pickle-numpy.ts";
import { VALUE_OPCODES, readLength } from "./pickle-opcodes.ts";

/** What a pickle is made of, found without running any of it. */
export interface PickleReport {
  /** Its protocol; 0 where it names none. */
  readonly protocol: number;
  /** Every class and function that loading it would import, as `module name`. */
  readonly globals: ReadonlySet<string>;
  /** Texts by the attribute that they stand in, of the attributes that were asked for. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Whether it was read to its end; a very long one is not. */
  readonly complete: boolean;
}

/** The bytes are no pickle, or one that is damaged. */
export class NotPickle extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NotPickle";
  }
}

/** Opcodes; some seconds of reading. A joblib file with arrays of gigabytes has some thousands. */
const MAX_OPCODES = 5_000_000;

const STOP = 0x2e;

/**
 * Reads a pickle, or joblib's variant with arrays between the opcodes, as Python would, but builds nothing and imports
 * nothing: loading a pickle runs what its author wrote.
 * @param wanted attributes whose texts go into the report
 * @throws CutShort when it ends too early; NotPickle
 */
export function readPickle(reader: ByteReader, wanted: ReadonlySet<string> = new Set()): PickleReport {
  const machine = new Machine(reader, wanted);
  const complete = machine.run();
  const { protocol, globals, attributes } = machine;
  return { protocol, globals, attributes, complete };
}

class Machine {
  protocol = 0;
  readonly globals = new Set<string>();
  readonly attributes = new Map<string, string>();
  readonly #reader: ByteReader;
  readonly #wanted: ReadonlySet<string>;
  readonly #stack: PickleValue[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #opcodes = 0;

  constructor(reader: ByteReader, wanted: ReadonlySet<string>) {
    this.#reader = reader;
    this.#wanted = wanted;
  }

  /** @returns whether the end was reached */
  run(): boolean {
    while (this.#opcodes++ < MAX_OPCODES) {
      const opcode = this.#reader.byte();
      if (opcode === STOP) return true;
      const readValue = VALUE_OPCODES.get(opcode);
      if (readValue !== undefined) this.#stack.push(readValue(this.#reader));
      else this.#change(opcode);
    }
    return false;
  }

  /** Opcodes that work on what is on the stack, or beside it. */
  #change(opcode: number): void {
    const reader = this.#reader;
    const stack = this.#stack;
    switch (opcode) {
      case 0x80: // PROTO
        this.protocol = reader.byte();
        if (this.protocol > 5) throw new NotPickle(`protocol ${this.protocol}, and the newest is 5`);
        return;
      case 0x95: // FRAME
        return this.#frame();
      case 0x30: // POP
        this.#pop();
        return;
      case 0x31: // POP_MARK
        this.#popToMark();
        return;
      case 0x32: // DUP
        stack.push(this.#top());
        return;
      case 0x51: // BINPERSID
        this.#pop();
        stack.push(null);
        return;
      case 0x68: // BINGET
        return this.#get(readLength(reader, 1));
      case 0x6a: // LONG_BINGET
        return this.#get(readLength(reader, 4));
      case 0x67: // GET
        return this.#get(Number(reader.line()));
      case 0x71: // BINPUT
        return this.#memoize(readLength(reader, 1));
      case 0x72: // LONG_BINPUT
        return this.#memoize(readLength(reader, 4));
      case 0x70: // PUT
        return this.#memoize(Number(reader.line()));
      case 0x94: // MEMOIZE
        return this.#memoize(this.#memo.size);
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(stack.splice(-(opcode - 0x84)));
        return;
      case 0x74: // TUPLE
      case 0x6c: // LIST
      case 0x91: // FROZENSET
        stack.push(this.#popToMark());
        return;
      case 0x64: // DICT
        return this.#dict(this.#popToMark());
      case 0x73: // SETITEM
        return this.#setItems(stack.splice(-2));
      case 0x75: // SETITEMS
        return this.#setItems(this.#popToMark());
      case 0x61: // APPEND
        return this.#append([this.#pop()]);
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        return this.#append(this.#popToMark());
      case 0x63: // GLOBAL
        return this.#global(reader.line(), reader.line());
      case 0x93: // STACK_GLOBAL
        return this.#stackGlobal();
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        return this.#make(this.#pop(), this.#pop());
      case 0x92: // NEWOBJ_EX
        this.#pop();
        return this.#make(this.#pop(), this.#pop());
      case 0x6f: // OBJ
        return this.#makeOfMark(this.#popToMark());
      case 0x69: // INST
        return this.#instance(this.#popToMark());
      case 0x62: // BUILD
        return this.#build();
      case 0x98: // READONLY_BUFFER
        return;
      default: {
        const code = opcode.toString(16).padStart(2, "0");
        throw new NotPickle(`byte ${reader.position - 1} is no opcode of a pickle (0x${code})`);
      }
    }
  }

  #frame(): void {
    const length = readLength(this.#reader, 8);
    const rest = this.#reader.end - this.#reader.position;
    if (length > rest) throw new CutShort(`a frame of ${length} bytes begins, of which ${rest} are there`);
  }

  #build(): void {
    const state = this.#pop();
    const object = this.#top();
    if (!(object instanceof PickleObject)) return;
    object.state = state;
    const raw = numpyDataBytes(object);
    if (raw === undefined) return;
    if (raw === "objects") return this.#inner();
    if (raw.padded) this.#reader.skip(this.#reader.byte());
    this.#reader.skip(raw.bytes);
  }

  /** An array of Python objects is a pickle of its own within joblib's. */
  #inner(): void {
    const inner = new Machine(this.#reader, this.#wanted);
    inner.#opcodes = this.#opcodes;
    inner.run();
    this.#opcodes = inner.#opcodes;
    for (const name of inner.globals) this.globals.add(name);
    for (const [name, text] of inner.attributes) this.attributes.set(name, text);
  }

  #global(module: string, name: string): void {
    this.globals.add(`${module} ${name}`);
    this.#stack.push(new PickleGlobal(`${module} ${name}`));
  }

  #stackGlobal(): void {
    const [name, module] = [this.#pop(), this.#pop()];
    if (typeof module !== "string" || typeof name !== "string")
      throw new NotPickle("it imports what is no name");
    this.#global(module, name);
  }

  #make(args: PickleValue, type: PickleValue): void {
    this.#stack.push(new PickleObject(type, itemsOf(args)));
  }

  #makeOfMark([type = null, ...args]: readonly PickleValue[]): void {
    this.#stack.push(new PickleObject(type, args));
  }

  #instance(args: readonly PickleValue[]): void {
    this.#global(this.#reader.line(), this.#reader.line());
    this.#stack.push(new PickleObject(this.#pop(), args));
  }

  #dict(items: readonly PickleValue[]): void {
    this.#stack.push(new Map());
    this.#setItems(items);
  }

  #setItems(items: readonly PickleValue[]): void {
    const target = this.#top();
    for (let index = 0; index + 1 < items.length; index += 2) {
      const key = items[index];
      const value = items[index + 1] ?? null;
      if (typeof key !== "string") continue;
      if (target instanceof Map) target.set(key, value);
      if (typeof value === "string" && this.#wanted.has(key)) this.attributes.set(key, value);
    }
  }

  #append(items: readonly PickleValue[]): void {
    const target = this.#top();
    // Only shapes and dtypes are looked at, and those are short.
    if (Array.isArray(target) && target.length < 64) target.push(...items.slice(0, 64));
  }

  #get(index: number): void {
    this.#stack.push(this.#memo.get(index) ?? null);
  }

  #memoize(index: number): void {
    this.#memo.set(index, this.#top());
  }

  #top(): PickleValue {
    return this.#stack.at(-1) ?? null;
  }

  #pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined)
      throw new NotPickle(`byte ${this.#reader.position - 1} takes from an empty stack`);
    return value;
  }

  #popToMark(): PickleValue[] {
    const mark = this.#stack.lastIndexOf(Mark);
    if (mark < 0) throw new NotPickle(`byte ${this.#reader.position - 1} has no mark before it`);
    return this.#stack.splice(mark).slice(1);
  }
}
