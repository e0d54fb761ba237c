import { setTimeout as sleep } from "node:timers/promises";
import { spreadOf } from "../measure/statistics.ts";
import { launch } from "../servers/launch.ts";
import { Client, type Ending, Tally } from "./client.ts";
import type { Scenario } from "./scenario.ts";

const TIMES = 3;
const QUEUE = 16;
const CLOSED_CONNECTIONS = 4;
const TICK_MS = 10;
const AT_ONCE_MS = 100;
const GOODPUT = 0.8;
/** How much longer than its turn in a full queue an accepted request may take, and one in a hundred of them. */
const LATENCY = 1.25;
const TAIL_LATENCY = 2;

/** Three times as many requests as the server can answer, whether or not it answers. */
export const overload: Scenario = {
  name: "overload",
  what: `predicts of 20 ms come ${TIMES} times as fast as one worker answers them, ${QUEUE} may wait`,
  async run(settings) {
    await using server = await launch("busy", { ...settings, flags: { "--max_queue_size": QUEUE } });
    using client = new Client(server.port);
    await closedLoop(client, 1);
    const capacity = await closedLoop(client, Math.max(2, settings.seconds / 4));
    const endings = await openLoop(client, capacity * TIMES, settings.seconds);
    const tally = new Tally();
    for (const ending of endings) tally.add(ending);
    const goodput = tally.of(200) / settings.seconds;
    const refused = endings.filter(({ status }) => status === 429 || status === 503);
    const refusal = spreadOf(refused.map(({ ms }) => ms));
    const answersMs = endings.filter(({ status }) => status === 200).map(({ ms }) => ms);
    const answer = spreadOf(answersMs);
    const tail = answersMs.sort((a, b) => a - b)[Math.floor(answersMs.length * 0.99)] ?? NaN;
    /** What a request takes that finds every place in the queue but one taken, and nothing else. */
    const turnMs = ((QUEUE + 1) / capacity) * 1_000;
    return {
      figures: {
        "capacity a second": capacity,
        "offered a second": endings.length / settings.seconds,
        "answered a second": goodput,
        "a full queue's turn, ms": turnMs,
        "answer, median ms": answer.median,
        "answer, 99 of 100 ms": tail,
        "refused a second": refused.length / settings.seconds,
        "refusal, median ms": refusal.median,
        "refusal, slowest ms": refusal.max,
      },
      checks: [
        {
          what: `answers stay above ${GOODPUT} of the capacity`,
          got: goodput / capacity,
          holds: goodput >= capacity * GOODPUT,
        },
        {
          what: `an accepted request takes at most ${LATENCY} of its turn, 99 of 100 at most ${TAIL_LATENCY}`,
          got: `${(answer.median / turnMs).toFixed(2)}, ${(tail / turnMs).toFixed(2)}`,
          holds: answer.median <= turnMs * LATENCY && tail <= turnMs * TAIL_LATENCY,
        },
        { what: "the rest is 429 or 503", got: String(tally), holds: tally.except(200, 429, 503) === 0 },
        {
          what: `and is refused within ${AT_ONCE_MS} ms`,
          got: refusal.median,
          holds: refusal.median < AT_ONCE_MS,
        },
      ],
    };
  },
};

/** Answers a second with no more requests than the server can take. */
async function closedLoop(client: Client, seconds: number): Promise<number> {
  const until = performance.now() + seconds * 1_000;
  let answered = 0;
  const loop = async () => {
    while (performance.now() < until) if ((await client.predict(1)).status === 200) answered++;
  };
  await Promise.all(Array.from({ length: CLOSED_CONNECTIONS }, loop));
  return answered / seconds;
}

/** Sends at a rate, whatever comes back. */
async function openLoop(client: Client, perSecond: number, seconds: number): Promise<Ending[]> {
  const startedAt = performance.now();
  const pending: Promise<Ending>[] = [];
  for (;;) {
    const elapsed = Math.min(performance.now() - startedAt, seconds * 1_000);
    const due = Math.floor((elapsed / 1_000) * perSecond);
    while (pending.length < due) pending.push(client.predict(1));
    if (elapsed >= seconds * 1_000) return Promise.all(pending);
    await sleep(TICK_MS);
  }
}
