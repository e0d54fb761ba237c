import { describe, expect, it } from "vitest";
import { ask, projectOf, watchProject } from "./watched.ts";

const SWAPS = 100;
const CLIENTS = 8;
const FLOWER = [5.1, 3.5, 1.4, 0.2];

function predictor(number: number): string {
  return `
    import { setTimeout as sleep } from "node:timers/promises";
    export async function postProcess() {
      await sleep(2);
      return [${number}];
    }`;
}

describe("a watched project under load", () => {
  it(
    "fails no request in a hundred changes, and answers each by the code of its time",
    { timeout: 120_000 },
    async () => {
      await using project = await projectOf({ "predictor.ts": predictor(0) });
      await project.copyModel("iris-onnx/model/model.onnx", "model/model.onnx");
      await using server = await watchProject(project, { options: { httpPort: 0, workers: 2 } });
      let written = 0;
      let live = 0;
      let going = true;
      /** Each answer, and the oldest and newest code that may have given it. */
      const answers: { oldest: number; answer: unknown; newest: number }[] = [];
      const clients = Array.from({ length: CLIENTS }, async () => {
        while (going) {
          const oldest = live;
          const answer = await ask(server, "m", FLOWER);
          answers.push({ oldest, answer, newest: written });
        }
      });
      const times: number[] = [];
      let kept = 0;
      try {
        for (let number = 1; number <= SWAPS; number++) {
          written = number;
          await project.save("predictor.ts", predictor(number));
          const { ms, isModelKept } = await server.next("live");
          live = number;
          times.push(ms);
          if (isModelKept === true) kept++;
        }
      } finally {
        going = false;
        await Promise.all(clients);
      }
      const wrong = answers.filter(({ oldest, answer, newest }) => {
        return typeof answer !== "number" || answer < oldest || answer > newest;
      });
      expect(wrong).toEqual([]);
      expect(new Set(answers.map(({ answer }) => answer)).size).toBeGreaterThan(SWAPS / 2);
      expect(server.codeWatch?.state).toEqual({ status: "live", swaps: SWAPS });
      // One in fifty comes into new threads, as those before it have taken in enough code.
      expect(kept).toBeGreaterThanOrEqual(SWAPS - 3);
      expect(server.workers).toBe(2);
      times.sort((a, b) => a - b);
      const at = (share: number) => Math.round(times[Math.floor((times.length - 1) * share)] as number);
      console.log(
        `${SWAPS} changes under ${answers.length} requests: live after ${at(0.5)} ms (median), ${at(0.95)} ms (p95), ${at(1)} ms (most); the model was kept in ${kept}`,
      );
    },
  );
});
