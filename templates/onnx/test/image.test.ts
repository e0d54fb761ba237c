import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { PIXELS, SIDE, readImage } from "../image.ts";

const row = (value: number) => Array.from({ length: SIDE }, () => value);

test("nested numbers and base64 of the same image are the same pixels", () => {
  const nested = Array.from({ length: SIDE }, (_, y) => row(y));
  const bytes = Buffer.from(nested.flat());
  const pixels = Array.from(readImage(nested, "instances[0]"));
  assert.deepEqual(pixels, nested.flat());
  assert.deepEqual(Array.from(readImage({ data: bytes.toString("base64") }, "instances[0]")), pixels);
});

test("a PNG has its pixels, white on black", async () => {
  const text = await readFile(new URL("../examples/seven.json", import.meta.url), "utf8");
  const [image] = (JSON.parse(text) as { instances: unknown[] }).instances;
  const pixels = Array.from(readImage(image, "instances[0]"));
  assert.equal(pixels.length, PIXELS);
  assert.equal(pixels[0], 0);
  assert.ok(Math.max(...pixels) > 200);
});

test("what is no image is refused with its place in the request", () => {
  assert.throws(() => readImage([row(0)], "instances[3]"), {
    path: "instances[3]",
    message: /28 x 28 numbers, got 28/,
  });
  assert.throws(() => readImage({ text: "seven" }, "instances[0]"), { path: "instances[0]" });
});
