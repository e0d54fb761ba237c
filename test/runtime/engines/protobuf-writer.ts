/** Writes protobuf messages by hand, for models that no fixture has. */

export type Bytes = readonly number[];

export const varint = (value: number): Bytes => {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
};

export const integer = (field: number, value: number): Bytes => [
  ...varint(field * 8),
  ...(value < 0 ? negative(value) : varint(value)),
];

export const message = (field: number, body: Bytes): Bytes => [
  ...varint(field * 8 + 2),
  ...varint(body.length),
  ...body,
];

export const text = (field: number, value: string): Bytes => message(field, [...Buffer.from(value)]);

/** Two's complement in 64 bits: ten bytes. */
function negative(value: number): Bytes {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) + 128);
  return [...bytes, Number(rest)];
}
