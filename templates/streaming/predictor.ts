/** Writes a sentence word by word: an async generator, whose answers callers may read as they come. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { definePredictor } from "kserve-ts";
import { z } from "zod";
import { type Chain, learn, sentence } from "./chain.ts";

const prompt = z.object({
  /** The first word. */
  start: z.string().min(1),
  maxWords: z.int().min(1).max(200).default(12),
});

export default definePredictor({
  instance: prompt,

  /** Once a worker, before the server is ready. */
  async load({ modelDir }): Promise<Chain> {
    return learn(await readFile(join(modelDir, "story.txt"), "utf8"));
  },

  /** Each `yield` is an answer of its own, which is sent at once to callers that asked for a stream. */
  async *predict(chain: Chain, prompts, { signal }) {
    for (const { start, maxWords } of prompts) {
      for (const word of sentence(chain, start, maxWords)) {
        // A caller that has left wants no more words.
        if (signal.aborted) return;
        yield { word };
      }
    }
  },
});
