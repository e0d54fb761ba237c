/** Where a list of items begins on the stack. */
export const Mark = Symbol("mark");

/** A class or function, by `module name`; never imported. */
export class PickleGlobal {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** What a class or function would make of its arguments; never made. */
export class PickleObject {
  readonly type: PickleValue;
  readonly args: readonly PickleValue[];
  state: PickleValue = null;

  constructor(type: PickleValue, args: readonly PickleValue[]) {
    this.type = type;
    this.args = args;
  }

  /** `module name` of what makes it. */
  get typeName(): string {
    return this.type instanceof PickleGlobal ? this.type.name : "";
  }
}

/** A value on a pickle's stack. Bytes and what is not looked at are null; lists, tuples and sets are arrays. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | typeof Mark
  | PickleGlobal
  | PickleObject
  | PickleValue[]
  | Map<string, PickleValue>;

/** A tuple's items; none where it is no tuple. */
export function itemsOf(value: PickleValue): readonly PickleValue[] {
  return Array.isArray(value) ? value : [];
}
