import { describe, expect, it } from "vitest";
import { OwnAsyncDisposableStack } from "../../cli/async-disposable-stack.ts";

describe.each([
  ["of Node", AsyncDisposableStack],
  ["of ours", OwnAsyncDisposableStack],
])("the stack %s", (_name, Stack) => {
  it("disposes of what it has, the last first, and once", async () => {
    const said: string[] = [];
    const stack = new Stack();
    stack.defer(() => void said.push("deferred"));
    const used = { [Symbol.asyncDispose]: async () => void said.push("async") };
    expect(stack.use(used)).toBe(used);
    stack.use({ [Symbol.dispose]: () => void said.push("sync") });
    expect(stack.use(undefined)).toBeUndefined();
    await stack.disposeAsync();
    await stack.disposeAsync();
    expect(said).toEqual(["sync", "async", "deferred"]);
  });

  it("leaves to another what has moved there", async () => {
    const said: string[] = [];
    const moved = await (async () => {
      await using stack = new Stack();
      stack.defer(() => void said.push("disposed"));
      return stack.move();
    })();
    expect(said).toEqual([]);
    await moved.disposeAsync();
    expect(said).toEqual(["disposed"]);
  });

  it("takes every step although one fails, and throws", async () => {
    const said: string[] = [];
    const stack = new Stack();
    stack.defer(() => void said.push("first"));
    stack.defer(() => Promise.reject(new Error("no")));
    await expect(stack.disposeAsync()).rejects.toThrow("no");
    expect(said).toEqual(["first"]);
  });
});
