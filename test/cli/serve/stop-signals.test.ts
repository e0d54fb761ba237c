import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { stopSignal } from "../../../cli/serve/stop-signals.ts";

/** A process that only takes signals, at times of the test's choice. */
class Host extends EventEmitter {
  readonly exits: number[] = [];
  nowMs = 0;
  readonly stopped = stopSignal({
    on: (signal, listener) => this.on(signal, listener),
    exit: (code) => void this.exits.push(code),
    now: () => this.nowMs,
  });

  signal(name: "SIGINT" | "SIGTERM", atMs: number): void {
    this.nowMs = atMs;
    this.emit(name, name);
  }
}

describe("the signal to stop", () => {
  it("is the first one", async () => {
    const host = new Host();
    host.signal("SIGTERM", 0);
    expect(await host.stopped).toBe("SIGTERM");
    expect(host.exits).toEqual([]);
  });

  it("ends the process at once when it comes again", () => {
    const host = new Host();
    host.signal("SIGTERM", 0);
    host.signal("SIGTERM", 1_000);
    expect(host.exits).toEqual([143]);
  });

  it("ends the process at once when the other one follows", () => {
    const host = new Host();
    host.signal("SIGTERM", 0);
    host.signal("SIGINT", 1);
    expect(host.exits).toEqual([130]);
  });

  it("is one press of Ctrl-C, though npm sends it once more", () => {
    const host = new Host();
    host.signal("SIGINT", 0);
    host.signal("SIGINT", 2);
    expect(host.exits).toEqual([]);
    host.signal("SIGINT", 900);
    expect(host.exits).toEqual([130]);
  });
});
