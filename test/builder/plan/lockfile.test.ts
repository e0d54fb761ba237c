import { describe, expect, it } from "vitest";
import { type LockEntry, lockedAt, partOfLockfile, readLockfile } from "../../../builder/plan/lockfile.ts";
import { Folder } from "../project.ts";

const lock = (packages: Record<string, LockEntry>) => ({ folder: "/p", packages });

describe("the part of a lockfile", () => {
  it("has a package with all that it needs, and nothing else", () => {
    const whole = lock({
      "": {},
      "node_modules/a": {
        version: "1.0.0",
        dev: true,
        dependencies: { b: "^1" },
        peerDependencies: { p: "*", q: "*" },
        peerDependenciesMeta: { q: { optional: true } },
      },
      "node_modules/a/node_modules/b": { version: "1.5.0", optionalDependencies: { o: "1" } },
      "node_modules/b": { version: "2.0.0" },
      "node_modules/o": { version: "1.0.0", optional: true, os: ["darwin"] },
      "node_modules/p": { version: "1.0.0" },
      "node_modules/q": { version: "1.0.0" },
    });
    const { dependencies, packages } = partOfLockfile(whole, new Map([["a", "node_modules/a"]]));
    expect(dependencies).toEqual({ a: "1.0.0" });
    expect(Object.keys(packages)).toEqual([
      "node_modules/a",
      "node_modules/a/node_modules/b",
      "node_modules/o",
      "node_modules/p",
    ]);
    expect(packages["node_modules/a"]).not.toHaveProperty("dev");
    expect(packages["node_modules/o"]).toMatchObject({ optional: true });
  });

  it("puts a package at the top that was installed below another", () => {
    const whole = lock({
      "node_modules/a/node_modules/n": { version: "3.0.0", dependencies: { d: "1" } },
      "node_modules/a/node_modules/n/node_modules/d": { version: "1.0.0" },
    });
    const { packages } = partOfLockfile(whole, new Map([["n", "node_modules/a/node_modules/n"]]));
    expect(Object.keys(packages)).toEqual(["node_modules/n", "node_modules/n/node_modules/d"]);
  });

  it("is refused where two versions would be at the top", () => {
    const whole = lock({
      "node_modules/a": { version: "1.0.0", dependencies: { n: "1" } },
      "node_modules/n": { version: "1.0.0" },
      "node_modules/b/node_modules/n": { version: "2.0.0" },
    });
    const roots = new Map([
      ["a", "node_modules/a"],
      ["n", "node_modules/b/node_modules/n"],
    ]);
    expect(() => partOfLockfile(whole, roots)).toThrow("two versions of n are needed at once");
  });

  it("names an alias and a repository as npm would", () => {
    const whole = lock({
      "node_modules/x": { name: "y", version: "1.0.0" },
      "node_modules/g": { version: "1.0.0", resolved: "git+ssh://git@example.com/g.git#abc" },
    });
    const roots = new Map([
      ["x", "node_modules/x"],
      ["g", "node_modules/g"],
    ]);
    expect(partOfLockfile(whole, roots).dependencies).toEqual({
      g: "git+ssh://git@example.com/g.git#abc",
      x: "npm:y@1.0.0",
    });
  });
});

describe("a lockfile", () => {
  it("knows where a package is, unless it is a link or not its own", () => {
    const whole = lock({ "node_modules/a": {}, "node_modules/w": { link: true } });
    expect(lockedAt(whole, "/p/node_modules/a")).toBe("node_modules/a");
    expect(lockedAt(whole, "/p/node_modules/w")).toBeUndefined();
    expect(lockedAt(whole, "/q/node_modules/a")).toBeUndefined();
  });

  it("is refused when it is broken or of npm 6", async () => {
    await using folder = await Folder.of({ "package-lock.json": "{", "old.json": '{"lockfileVersion":1}' });
    expect(() => readLockfile(folder.path, "package-lock.json")).toThrow("cannot be read");
    expect(() => readLockfile(folder.path, "old.json")).toThrow("of npm 6 or older");
  });
});
