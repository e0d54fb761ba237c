/** A field of characters that curves are drawn on. Coordinates run from 0 to 1, to the right and upwards. */
export interface Canvas {
  /** Draws lines from point to point. @param curve which of the curves it is, from 0 */
  polyline(points: readonly (readonly [x: number, y: number])[], curve: number): void;
  /** The rows from above, each cell with the curve that is on it. */
  rows(): readonly (readonly Cell[])[];
}

/** A character; of the curve with that number, or of none. */
export interface Cell {
  readonly text: string;
  readonly curve: number | undefined;
}

/** Dots of a Braille character by column and row, as bits over U+2800. */
const DOTS: readonly (readonly number[])[] = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
];
const BRAILLE = 0x2800;

/** Braille: a cell has two dots by four. */
export function brailleCanvas(width: number, height: number): Canvas {
  const bits = new Uint8Array(width * height);
  const curves = new Array<number | undefined>(width * height);
  return pixelCanvas(width, height, 2, 4, {
    set(x, y, curve) {
      const at = (y >> 2) * width + (x >> 1);
      bits[at] = (bits[at] as number) | (DOTS[x & 1]?.[y & 3] ?? 0);
      curves[at] = curve;
    },
    cell: (at) => ({
      text: bits[at] === 0 ? " " : String.fromCodePoint(BRAILLE + (bits[at] as number)),
      curve: curves[at],
    }),
  });
}

/** ASCII: a cell has the mark of the curve that goes through it. */
export function asciiCanvas(width: number, height: number, marks: readonly string[]): Canvas {
  const curves = new Array<number | undefined>(width * height);
  return pixelCanvas(width, height, 1, 1, {
    set: (x, y, curve) => void (curves[y * width + x] = curve),
    cell(at) {
      const curve = curves[at];
      return { text: curve === undefined ? " " : (marks[curve] ?? "*"), curve };
    },
  });
}

interface Pixels {
  set(x: number, y: number, curve: number): void;
  cell(at: number): Cell;
}

function pixelCanvas(width: number, height: number, across: number, down: number, pixels: Pixels): Canvas {
  const [columns, lines] = [width * across, height * down];
  const place = ([x, y]: readonly [number, number]) =>
    [clamp(x * (columns - 1), columns), clamp((1 - y) * (lines - 1), lines)] as const;
  return {
    polyline(points, curve) {
      for (const [index, point] of points.entries()) {
        const [x1, y1] = place(point);
        const [x0, y0] = place(points[Math.max(0, index - 1)] as readonly [number, number]);
        const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1);
        for (let step = 0; step <= steps; step++) {
          const share = step / steps;
          pixels.set(Math.round(x0 + (x1 - x0) * share), Math.round(y0 + (y1 - y0) * share), curve);
        }
      }
    },
    rows: () =>
      Array.from({ length: height }, (_, row) =>
        Array.from({ length: width }, (__, column) => pixels.cell(row * width + column)),
      ),
  };
}

function clamp(value: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.round(value)));
}
