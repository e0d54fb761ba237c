/** An axis: where values go on it, and which of them are named. */
export interface Scale {
  /** From 0 at its beginning to 1 at its end. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
  readonly least: number;
  readonly greatest: number;
}

/** From zero to somewhat above the greatest value, with ticks at round numbers. */
export function linearScale(greatestValue: number, mostTicks: number): Scale {
  const greatest = greatestValue > 0 ? greatestValue : 1;
  const step = roundStep(greatest / mostTicks);
  const ticks = Array.from({ length: Math.floor(greatest / step + 1e-9) + 1 }, (_, at) => at * step);
  return { at: (value) => value / greatest, ticks, least: 0, greatest };
}

/** Logarithmic, between powers of ten and their halves: latencies go from one millisecond to thousands. */
export function logScale(leastValue: number, greatestValue: number, mostTicks: number): Scale {
  const least = roundDown(leastValue);
  const greatest = Math.max(roundUp(greatestValue), least * 10);
  const span = Math.log10(greatest / least);
  const all = oneTwoFive(least, greatest);
  const ticks = all.length <= mostTicks ? all : all.filter((tick) => isPowerOfTen(tick));
  return { at: (value) => Math.log10(value / least) / span, ticks, least, greatest };
}

/** 1, 2 or 5 times a power of ten, at least as much as the value. */
function roundStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= value * (1 - 1e-9)) ?? 10;
  return factor * power;
}

const roundUp = roundStep;

function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  return ([5, 2, 1].find((candidate) => candidate * power <= value * (1 + 1e-9)) ?? 1) * power;
}

function oneTwoFive(least: number, greatest: number): readonly number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(greatest)); power++) {
    for (const factor of [1, 2, 5]) {
      const tick = factor * 10 ** power;
      if (tick >= least * (1 - 1e-9) && tick <= greatest * (1 + 1e-9)) ticks.push(tick);
    }
  }
  return ticks;
}

function isPowerOfTen(value: number): boolean {
  const exponent = Math.log10(value);
  return Math.abs(exponent - Math.round(exponent)) < 1e-9;
}

/** A tick in a few characters: `0.5`, `20`, `1.5k`. */
export function tickText(value: number): string {
  if (value >= 1000) return `${Number((value / 1000).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}
