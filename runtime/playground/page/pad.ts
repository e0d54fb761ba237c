import { el } from "./dom.ts";

/** A canvas of a model's own resolution, to draw on with a pointer or the keyboard: white on black. */
export class Pad {
  readonly element: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #cursor: HTMLElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #changed: () => void;
  #last: readonly [x: number, y: number] | undefined;
  #x: number;
  #y: number;

  constructor(width: number, height: number, name: string, changed: () => void) {
    this.#changed = changed;
    this.#x = Math.floor(width / 2);
    this.#y = Math.floor(height / 2);
    this.#canvas = el("canvas", {
      width,
      height,
      tabindex: 0,
      role: "application",
      "aria-label": `Drawing pad for ${name}, ${width} by ${height}. Arrows move, Space draws, Shift with arrows draws a line, Delete clears.`,
    });
    this.#cursor = el("span", { class: "cursor", "aria-hidden": "true" });
    this.element = el("div", { class: "pad" }, this.#canvas, this.#cursor);
    this.#context = this.#canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
    this.#blank();
    this.#listen();
    this.#moveCursor();
  }

  get width(): number {
    return this.#canvas.width;
  }

  get height(): number {
    return this.#canvas.height;
  }

  /** The elements pixel by pixel: 0 to 255. */
  pixels(channels: number): number[] {
    const { data } = this.#context.getImageData(0, 0, this.width, this.height);
    const pixels: number[] = [];
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
      if (channels === 1) pixels.push(Math.round(0.299 * red + 0.587 * green + 0.114 * blue));
      else pixels.push(...[red, green, blue, data[at + 3] ?? 255].slice(0, channels));
    }
    return pixels;
  }

  /** Shows elements that lie pixel by pixel. */
  show(pixels: readonly number[], channels: number): void {
    const image = this.#context.createImageData(this.width, this.height);
    for (let pixel = 0; pixel < this.width * this.height; pixel++) {
      for (let channel = 0; channel < 4; channel++) {
        const value = channel < channels ? pixels[pixel * channels + channel] : undefined;
        image.data[pixel * 4 + channel] =
          channel === 3 ? (value ?? 255) : (value ?? pixels[pixel * channels] ?? 0);
      }
    }
    this.#context.putImageData(image, 0, 0);
  }

  /** Draws an image over all of it, its proportions kept. */
  draw(image: ImageBitmap): void {
    this.#blank();
    const scale = Math.min(this.width / image.width, this.height / image.height);
    const [width, height] = [image.width * scale, image.height * scale];
    this.#context.imageSmoothingQuality = "high";
    this.#context.drawImage(image, (this.width - width) / 2, (this.height - height) / 2, width, height);
  }

  resize(width: number, height: number): void {
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#blank();
  }

  clear(): void {
    this.#blank();
    this.#changed();
  }

  #blank(): void {
    this.#context.fillStyle = "#000";
    this.#context.fillRect(0, 0, this.width, this.height);
  }

  #listen(): void {
    const canvas = this.#canvas;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#last = undefined;
      this.#stroke(...this.#at(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.buttons !== 0 && this.#last !== undefined) this.#stroke(...this.#at(event));
    });
    canvas.addEventListener("pointerup", () => (this.#last = undefined));
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  #at(event: PointerEvent): [x: number, y: number] {
    const box = this.#canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * this.width,
      ((event.clientY - box.top) / box.height) * this.height,
    ];
  }

  #stroke(x: number, y: number): void {
    const [fromX, fromY] = this.#last ?? [x, y];
    this.#last = [x, y];
    const context = this.#context;
    context.strokeStyle = "#fff";
    context.lineCap = "round";
    context.lineWidth = Math.max(1.5, Math.min(this.width, this.height) / 12);
    context.beginPath();
    context.moveTo(fromX, fromY);
    // A line of no length is no line to every browser.
    context.lineTo(x + 0.01, y);
    context.stroke();
    this.#changed();
  }

  #key(event: KeyboardEvent): void {
    const step = Math.max(1, Math.round(Math.min(this.width, this.height) / 28));
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
      " ": [0, 0],
    };
    const move = moves[event.key];
    if (event.key === "Delete" || event.key === "Backspace") this.clear();
    else if (move === undefined) return;
    else {
      const draws = event.shiftKey || event.key === " ";
      this.#last = draws ? [this.#x + 0.5, this.#y + 0.5] : undefined;
      this.#x = Math.min(this.width - 1, Math.max(0, this.#x + move[0]));
      this.#y = Math.min(this.height - 1, Math.max(0, this.#y + move[1]));
      if (draws) this.#stroke(this.#x + 0.5, this.#y + 0.5);
      this.#last = undefined;
      this.#moveCursor();
    }
    event.preventDefault();
  }

  #moveCursor(): void {
    this.#cursor.style.left = `${((this.#x + 0.5) / this.width) * 100}%`;
    this.#cursor.style.top = `${((this.#y + 0.5) / this.height) * 100}%`;
  }
}
