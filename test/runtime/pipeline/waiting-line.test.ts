import { describe, expect, it } from "vitest";
import { isKtsError } from "../../../contract/errors.ts";
import { PendingJob } from "../../../runtime/pipeline/pending-job.ts";
import { WaitingLine } from "../../../runtime/pipeline/waiting-line.ts";
import { instancesJob, never } from "../workers/jobs.ts";

const pending = () => new PendingJob(instancesJob([]), never, () => undefined);

/** A line in which so many wait, and whose requests take so long. */
function line(waiting: number, jobMs?: number): WaitingLine {
  const made = new WaitingLine(waiting);
  for (let at = 0; at < waiting; at++) made.add(pending());
  if (jobMs !== undefined) made.observe(jobMs);
  return made;
}

function retryAfter(full: WaitingLine, lanes: number): number | undefined {
  try {
    full.requireRoom(0, lanes);
  } catch (error) {
    if (isKtsError(error)) return error.retryAfterSeconds;
  }
  return undefined;
}

describe("a waiting line", () => {
  it("gives out first come, first served, what has not left", () => {
    const jobs = [pending(), pending(), pending(), pending()] as const;
    const made = new WaitingLine(10);
    for (const job of jobs) made.add(job);
    expect(made.remove(jobs[1])).toBe(true);
    expect(made.remove(jobs[1])).toBe(false);
    expect(made.take(2)).toEqual([jobs[0], jobs[2]]);
    expect(made.length).toBe(1);
  });

  it("has room for those that can start at once beside those that wait", () => {
    expect(() => line(2).requireRoom(1, 1)).not.toThrow();
    expect(() => line(2).requireRoom(0, 1)).toThrow("the queue is full: 2 requests wait already");
    expect(() => new WaitingLine(0).requireRoom(1, 1)).not.toThrow();
    expect(() => new WaitingLine(0).requireRoom(0, 1)).toThrow();
  });

  it.each([
    [9, 2000, 1, 20],
    [9, 2000, 4, 5],
    [9, 1, 1, 1],
    [9, undefined, 1, 1],
    [9, 60_000, 1, 60],
  ])(
    "of %d that take %s ms in %d lanes is worth another try after %d s",
    (waiting, jobMs, lanes, seconds) => {
      expect(retryAfter(line(waiting, jobMs), lanes)).toBe(seconds);
    },
  );

  it("follows the time that requests take", () => {
    const made = line(0, 100);
    made.observe(200);
    expect(made.jobMs).toBe(120);
  });
});
