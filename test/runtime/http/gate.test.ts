import { describe, expect, it } from "vitest";
import { Gate } from "../../../runtime/http/gate.ts";

describe("a gate", () => {
  it("lets so many run at once, and the others in the order they came, failures too", async () => {
    const gate = new Gate(2);
    const started: number[] = [];
    const ends = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
    const runs = ends.map((end, at) =>
      gate.run(async () => {
        started.push(at);
        await end.promise;
        if (at === 1) throw new Error("no");
        return at;
      }),
    );
    const settled = Promise.allSettled(runs);
    expect(started).toEqual([0, 1]);
    ends[1]?.resolve();
    await expect(runs[1]).rejects.toThrow("no");
    expect(started).toEqual([0, 1, 2]);
    for (const end of ends) end.resolve();
    await settled;
    expect(started).toEqual([0, 1, 2, 3, 4]);
    expect(await gate.run(async () => "again")).toBe("again");
  });
});
