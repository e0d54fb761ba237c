import { type ByteReader, CutShort } from "./byte-reader.ts";
import { type PickleValue, Mark, PickleGlobal, PickleObject, itemsOf } from "./pickle-values.ts";
import { numpyDataBytes } from "./pickle-numpy.ts";

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

/** Longer texts are names of nothing. */
const MAX_TEXT_BYTES = 1024;

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
  #stack: PickleValue[] = [];
  #memo = new Map<number, PickleValue>();
  #opcodes = 0;

  constructor(reader: ByteReader, wanted: ReadonlySet<string>) {
    this.#reader = reader;
    this.#wanted = wanted;
  }

  /** @returns whether the end was reached */
  run(): boolean {
    for (;;) {
      if (this.#opcodes++ > MAX_OPCODES) return false;
      const at = this.#reader.position;
      const opcode = this.#reader.byte();
      if (opcode === 0x2e) return true;
      if (!this.#push(opcode) && !this.#change(opcode)) {
        throw new NotPickle(
          `byte ${at} is no opcode of a pickle (0x${opcode.toString(16).padStart(2, "0")})`,
        );
      }
    }
  }

  /** Opcodes that put a value on the stack. */
  #push(opcode: number): boolean {
    const reader = this.#reader;
    const stack = this.#stack;
    switch (opcode) {
      case 0x28: // MARK
        return stack.push(Mark) > 0;
      case 0x46: // FLOAT
      case 0x49: // INT
      case 0x4c: // LONG
        return stack.push(Number.parseFloat(reader.line())) > 0;
      case 0x4a: // BININT
        return stack.push(reader.take(4).readInt32LE()) > 0;
      case 0x4b: // BININT1
        return stack.push(reader.byte()) > 0;
      case 0x4d: // BININT2
        return stack.push(reader.take(2).readUInt16LE()) > 0;
      case 0x47: // BINFLOAT
        return stack.push(reader.take(8).readDoubleBE()) > 0;
      case 0x8a: // LONG1
        return stack.push(toInteger(reader.take(reader.byte()))) > 0;
      case 0x8b: // LONG4
        return stack.push(toInteger(reader.take(this.#length(4)))) > 0;
      case 0x4e: // NONE
        return stack.push(null) > 0;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        return stack.push(opcode === 0x88) > 0;
      case 0x53: // STRING
      case 0x56: // UNICODE
        return stack.push(reader.line().replace(/^['"](.*)['"]$/, "$1")) > 0;
      case 0x55: // SHORT_BINSTRING
      case 0x8c: // SHORT_BINUNICODE
        return stack.push(this.#text(this.#length(1))) > 0;
      case 0x54: // BINSTRING
      case 0x58: // BINUNICODE
        return stack.push(this.#text(this.#length(4))) > 0;
      case 0x8d: // BINUNICODE8
        return stack.push(this.#text(this.#length(8))) > 0;
      case 0x43: // SHORT_BINBYTES
        return this.#skipBytes(1);
      case 0x42: // BINBYTES
        return this.#skipBytes(4);
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.#skipBytes(8);
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
      case 0x8f: // EMPTY_SET
        return stack.push([]) > 0;
      case 0x7d: // EMPTY_DICT
        return stack.push(new Map()) > 0;
      case 0x63: // GLOBAL
        return this.#global(reader.line(), reader.line());
      case 0x68: // BINGET
        return stack.push(this.#memo.get(this.#length(1)) ?? null) > 0;
      case 0x6a: // LONG_BINGET
        return stack.push(this.#memo.get(this.#length(4)) ?? null) > 0;
      case 0x67: // GET
        return stack.push(this.#memo.get(Number(reader.line())) ?? null) > 0;
      case 0x50: // PERSID
        reader.line();
        return stack.push(null) > 0;
      case 0x97: // NEXT_BUFFER
        return stack.push(null) > 0;
      default:
        return false;
    }
  }

  /** Opcodes that work on what is on the stack, or beside it. */
  #change(opcode: number): boolean {
    const reader = this.#reader;
    const stack = this.#stack;
    switch (opcode) {
      case 0x80: // PROTO
        this.protocol = reader.byte();
        if (this.protocol > 5) throw new NotPickle(`protocol ${this.protocol}, and the newest is 5`);
        return true;
      case 0x95: // FRAME
        return this.#frame();
      case 0x30: // POP
      case 0x51: // BINPERSID
        this.#pop();
        return opcode === 0x30 || stack.push(null) > 0;
      case 0x31: // POP_MARK
        this.#popToMark();
        return true;
      case 0x32: // DUP
        return stack.push(this.#top()) > 0;
      case 0x71: // BINPUT
        return this.#memoize(this.#length(1));
      case 0x72: // LONG_BINPUT
        return this.#memoize(this.#length(4));
      case 0x70: // PUT
        return this.#memoize(Number(reader.line()));
      case 0x94: // MEMOIZE
        return this.#memoize(this.#memo.size);
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return stack.push(stack.splice(-(opcode - 0x84))) > 0;
      case 0x74: // TUPLE
      case 0x6c: // LIST
      case 0x91: // FROZENSET
        return stack.push(this.#popToMark()) > 0;
      case 0x64: // DICT
        return this.#setItems(this.#popToMark(), stack[stack.push(new Map()) - 1]);
      case 0x73: // SETITEM
        return this.#setItems(stack.splice(-2), this.#top());
      case 0x75: // SETITEMS
        return this.#setItems(this.#popToMark(), this.#top());
      case 0x61: // APPEND
        return this.#append([this.#pop()]);
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        return this.#append(this.#popToMark());
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = stack.splice(-2);
        return this.#global(String(module), String(name));
      }
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const args = this.#pop();
        return stack.push(new PickleObject(this.#pop(), itemsOf(args))) > 0;
      }
      case 0x92: {
        // NEWOBJ_EX
        const [type, args] = stack.splice(-3);
        return stack.push(new PickleObject(type ?? null, itemsOf(args ?? null))) > 0;
      }
      case 0x6f: {
        // OBJ
        const [type, ...args] = this.#popToMark();
        return stack.push(new PickleObject(type ?? null, args)) > 0;
      }
      case 0x69: {
        // INST
        const args = this.#popToMark();
        this.#global(reader.line(), reader.line());
        return stack.push(new PickleObject(this.#pop(), args)) > 0;
      }
      case 0x62: // BUILD
        return this.#build();
      case 0x98: // READONLY_BUFFER
        return true;
      default:
        return false;
    }
  }

  #build(): boolean {
    const state = this.#pop();
    const object = this.#top();
    if (!(object instanceof PickleObject)) return true;
    object.state = state;
    const raw = numpyDataBytes(object);
    if (raw === undefined) return true;
    if (raw === "objects") {
      // An array of Python objects is a pickle of its own within joblib's.
      const inner = new Machine(this.#reader, this.#wanted);
      const complete = inner.run();
      for (const name of inner.globals) this.globals.add(name);
      if (!complete) this.#opcodes = MAX_OPCODES;
      return true;
    }
    if (raw.padded) this.#reader.skip(this.#reader.byte());
    this.#reader.skip(raw.bytes);
    return true;
  }

  #frame(): boolean {
    const length = this.#length(8);
    const rest = this.#reader.end - this.#reader.position;
    if (length > rest) throw new CutShort(`a frame of ${length} bytes begins, of which ${rest} are there`);
    return true;
  }

  #global(module: string, name: string): boolean {
    this.globals.add(`${module} ${name}`);
    return this.#stack.push(new PickleGlobal(`${module} ${name}`)) > 0;
  }

  #setItems(items: readonly PickleValue[], target: PickleValue | undefined): boolean {
    for (let index = 0; index + 1 < items.length; index += 2) {
      const key = items[index];
      const value = items[index + 1] ?? null;
      if (typeof key !== "string") continue;
      if (target instanceof Map) target.set(key, value);
      if (typeof value === "string" && this.#wanted.has(key)) this.attributes.set(key, value);
    }
    return true;
  }

  #append(items: readonly PickleValue[]): boolean {
    const target = this.#top();
    // Only shapes and dtypes are looked at, and those are short.
    if (Array.isArray(target) && target.length < 64) target.push(...items.slice(0, 64));
    return true;
  }

  #memoize(index: number): boolean {
    this.#memo.set(index, this.#top());
    return true;
  }

  #length(bytes: 1 | 4 | 8): number {
    const taken = this.#reader.take(bytes);
    if (bytes === 1) return taken[0] as number;
    return bytes === 4 ? taken.readUInt32LE() : Number(taken.readBigUInt64LE());
  }

  #text(length: number): string {
    if (length <= MAX_TEXT_BYTES) return this.#reader.take(length).toString("utf8");
    this.#reader.skip(length);
    return "";
  }

  #skipBytes(lengthBytes: 1 | 4 | 8): boolean {
    this.#reader.skip(this.#length(lengthBytes));
    return this.#stack.push(null) > 0;
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
    const items = this.#stack.splice(mark);
    items.shift();
    return items;
  }
}

/** Little-endian and in two's complement; only small ones are of use. */
function toInteger(bytes: Buffer): number {
  return bytes.length === 0 ? 0 : bytes.length <= 6 ? bytes.readIntLE(0, bytes.length) : Number.NaN;
}
