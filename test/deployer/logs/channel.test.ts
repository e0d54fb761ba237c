import { describe, expect, it } from "vitest";
import { Channel } from "../../../deployer/logs/channel.ts";

async function read<T>(channel: Channel<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of channel) values.push(value);
  return values;
}

describe("a channel", () => {
  it("hands the values of several writers to its reader, each writer's in order", async () => {
    const channel = new Channel<string>();
    const write = async (name: string) => {
      for (let at = 0; at < 3000; at++) await channel.push(`${name}${at}`);
    };
    const writing = Promise.all([write("a"), write("b")]).then(() => channel.close());
    const values = await read(channel);
    await writing;
    for (const name of ["a", "b"]) {
      const own = values.filter((value) => value.startsWith(name));
      expect(own).toEqual(Array.from({ length: 3000 }, (_, at) => `${name}${at}`));
    }
  });

  it("holds a writer back while its reader is busy, and lets it go at the end", async () => {
    const channel = new Channel<number>();
    let written = 0;
    const writing = (async () => {
      for (; written < 5000; written++) await channel.push(written);
    })();
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBeLessThan(1001);
    channel.close();
    await writing;
    expect(written).toBe(5000);
  });

  it("gives what came before its failure, and then throws that", async () => {
    const channel = new Channel<number>();
    await channel.push(1);
    channel.fail(new Error("first"));
    channel.fail(new Error("second"));
    const reader = channel[Symbol.asyncIterator]();
    expect(await reader.next()).toEqual({ value: 1, done: false });
    await expect(reader.next()).rejects.toThrow("first");
  });
});
