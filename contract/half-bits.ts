/*
 * FP16 (IEEE 754 binary16) and BF16 (the upper half of an FP32) are held as raw bits: Node 22 has no Float16Array,
 * and no runtime has one for BF16.
 */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The number that 16 bits of FP16 stand for. */
export function fp16ToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The FP16 bits nearest to a number, ties to even, as IEEE 754 rounds. Too large becomes infinity. */
export function numberToFp16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  // Below the smallest normal the spacing is constant, so one rounding of the multiple of 2^-24 does it.
  if (magnitude < 2 ** -14) return sign | roundHalfEven(magnitude * 2 ** 24);
  const exponent = Math.floor(Math.log2(magnitude));
  const exact = magnitude >= 2 ** exponent ? exponent : exponent - 1;
  // A fraction that rounds up to 1024 carries into the exponent, which is what the addition does.
  return sign | (((exact + 15) << 10) + roundHalfEven((magnitude / 2 ** exact - 1) * 1024));
}

function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  if (rest !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}

/** The number that 16 bits of BF16 stand for. */
export function bf16ToNumber(half: number): number {
  bits[0] = half << 16;
  return float[0] as number;
}

/** The BF16 bits nearest to a number, ties to even. Too large becomes infinity. */
export function numberToBf16(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  float[0] = value;
  const whole = bits[0] as number;
  let odd = (whole >>> 16) & 1;
  // Half-way as FP32, which itself is rounded: the number may lie to either side, and then it is no tie.
  if ((whole & 0xffff) === 0x8000) {
    const beyond = Math.abs(value) - Math.abs(float[0] as number);
    if (beyond !== 0) odd = beyond > 0 ? 1 : 0;
  }
  return ((whole + 0x7fff + odd) >>> 16) & 0xffff;
}
