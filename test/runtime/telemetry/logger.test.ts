import { describe, expect, it } from "vitest";
import { type LogSink, createLog } from "../../../runtime/telemetry/logger.ts";

function collect(): { lines: string[]; sink: LogSink } {
  const lines: string[] = [];
  return { lines, sink: (line) => void lines.push(line) };
}

describe("the log", () => {
  it("writes JSON lines of one shape before and after pino is there", async () => {
    const { lines, sink } = collect();
    const log = createLog({ logLevel: "info", logFormat: "json" }, sink);
    log.info("before", { requestId: "1", model: "m" });
    await log.loadPino();
    log.warn("after", { requestId: "2", model: "m" });
    const [before, after] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(before).toEqual({
      level: "info",
      time: expect.any(String),
      requestId: "1",
      model: "m",
      msg: "before",
    });
    expect(after).toEqual({
      level: "warn",
      time: expect.any(String),
      requestId: "2",
      model: "m",
      msg: "after",
    });
    expect(lines.every((line) => line.endsWith("}\n"))).toBe(true);
  });

  it("leaves out what is less severe than asked for", () => {
    const { lines, sink } = collect();
    const log = createLog({ logLevel: "warn", logFormat: "json" }, sink);
    log.debug("no");
    log.info("no");
    log.warn("yes");
    log.error("yes");
    expect(lines).toHaveLength(2);
    expect(log.enables("info")).toBe(false);
    expect(log.enables("error")).toBe(true);
  });

  it("writes nothing when silent", () => {
    const { lines, sink } = collect();
    createLog({ logLevel: "silent", logFormat: "json" }, sink).error("no");
    expect(lines).toEqual([]);
  });

  it("writes text with the fields behind and the stack below", () => {
    const { lines, sink } = collect();
    const log = createLog({ logLevel: "info", logFormat: "text" }, sink);
    log.error("it broke", { model: "m", shape: [1, 2], none: undefined, stack: "Error: x\n    at y" });
    expect(lines.join("")).toMatch(
      /^\d{4}-\d\d-\d\dT\S+Z ERROR it broke model=m shape=\[1,2\]\nError: x\n {4}at y\n$/,
    );
  });

  it.each(["json", "text"] as const)("survives fields that JSON cannot say, as %s", (logFormat) => {
    const { lines, sink } = collect();
    const circle: Record<string, unknown> = { big: 1n };
    circle["self"] = circle;
    const log = createLog({ logLevel: "info", logFormat }, sink);
    log.info("odd", { big: 2n ** 64n });
    log.info("round", { circle });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain("18446744073709551616");
  });
});
