import { describe, expect, it } from "vitest";
import { tellingLines } from "../../../deployer/rollout/telling-lines.ts";

const SHUTDOWN = [
  "INFO:     Shutting down",
  "INFO:     Waiting for application shutdown.",
  "INFO:     Application shutdown complete.",
  "INFO:     Finished server process [66]",
  "2026-11-25 13:18:03,114 [mlserver.parallel] INFO - Waiting for shutdown of default inference pool...",
  "2026-11-25 13:18:03,114 [mlserver.parallel] INFO - Shutdown of default inference pool complete",
];
const THROWN =
  "mlserver.parallel.errors.WorkerError: xgboost.core.XGBoostError: filesystem error: cannot make canonical path";
const TRACE = [
  "Traceback (most recent call last):",
  '  File "/opt/mlserver/registry.py", line 150, in load',
  THROWN,
];

describe("the lines that tell of a failure", () => {
  it("are the last ones", () => {
    const lines = Array.from({ length: 30 }, (_, at) => `line ${at}`);
    expect(tellingLines(lines)).toEqual(lines.slice(20));
    expect(tellingLines(["one"])).toEqual(["one"]);
  });

  it("are the last ones where an error is among them", () => {
    const lines = [...TRACE, ...SHUTDOWN];
    expect(tellingLines(lines)).toEqual(lines);
  });

  it("begin with the error where a server says much while it ends", () => {
    const lines = [...TRACE, ...SHUTDOWN, ...SHUTDOWN];
    expect(tellingLines(lines)).toEqual([THROWN, "...", ...SHUTDOWN.slice(-2), ...SHUTDOWN]);
  });

  it.each([
    ["TypeError: model is not a function"],
    ["Exception in thread main java.lang.IllegalStateException: no port"],
    ["Caused by: java.io.IOException: no file"],
  ])("begin with %s", (thrown) => {
    expect(tellingLines([thrown, ...SHUTDOWN, ...SHUTDOWN])[0]).toBe(thrown);
  });

  it("leave a name of an error in a sentence alone", () => {
    const lines = ["we catch ValueError: always", ...SHUTDOWN, ...SHUTDOWN];
    expect(tellingLines(lines)).toEqual(lines.slice(-10));
  });
});
