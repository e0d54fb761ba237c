import assert from "node:assert/strict";
import { test } from "node:test";
import { learn, sentence } from "../chain.ts";

const chain = learn("One goes home. One goes out. One stays.");

test("the most frequent successor comes first", () => {
  assert.deepEqual(chain.get("one"), ["goes", "stays"]);
});

test("a sentence ends with its full stop, or after so many words", () => {
  assert.deepEqual([...sentence(chain, "One", 10)], ["one", "goes", "home"]);
  assert.deepEqual([...sentence(chain, "One", 2)], ["one", "goes"]);
});

test("a word that nobody knows stands alone", () => {
  assert.deepEqual([...sentence(chain, "zebra", 10)], ["zebra"]);
});
