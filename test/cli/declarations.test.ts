import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { exitCodes } from "../../cli/exit-codes.ts";
import { GLOBAL_OPTIONS } from "../../cli/global-options.ts";
import { OLDEST_NODE, requireNode } from "../../cli/node-version.ts";
import { VERBS } from "../../cli/verbs.ts";
import { ERROR_CATALOGUE } from "../../contract/errors.ts";

const verbs = await VERBS.all();

describe("the verbs", () => {
  it("are found by their own names, and by no others", async () => {
    expect(verbs.map(({ name }) => name)).toEqual(VERBS.names);
    expect(await VERBS.find("toString")).toBeUndefined();
    expect(await VERBS.find("help")).toBeUndefined();
  });
});

describe.each(verbs.map((verb) => [verb.name, verb] as const))("the verb %s", (name, verb) => {
  it("has a summary of one line, whole sentences in its texts, and examples of itself", () => {
    expect(verb.summary).toMatch(/^[A-Z].{10,70}[^.]$/);
    const docs = [...Object.values(verb.options), ...Object.values(verb.arguments)].map(({ doc }) => doc);
    for (const doc of [...verb.description, ...docs]) expect(doc).toMatch(/^(json: )?[A-Za-z{].{15,}\.$/s);
    expect(verb.examples.length).toBeGreaterThan(0);
    for (const { command } of verb.examples) expect(command).toMatch(new RegExp(`^kserve-ts ${name}\\b`));
  });

  it("has each flag and letter once, beside those of every verb", () => {
    const all = Object.values({ ...GLOBAL_OPTIONS, ...verb.options });
    const flags = [...all.map(({ flag }) => flag), ...(verb.ignoredFlags ?? [])];
    const plain = flags.map((flag) => flag.replaceAll("_", "-"));
    expect(new Set(plain).size).toBe(plain.length);
    expect(plain.filter((flag) => plain.includes(`no-${flag}`))).toEqual([]);
    const letters = all.flatMap(({ short }) => (short === undefined ? [] : [short]));
    expect(new Set(letters).size).toBe(letters.length);
    expect(Object.keys(verb.options).filter((key) => key in GLOBAL_OPTIONS)).toEqual([]);
  });
});

describe("the exit codes", () => {
  it("have a meaning each, and cover the error catalogue", () => {
    const known = exitCodes().map(({ code }) => code);
    expect(known).toEqual([...known].sort((a, b) => a - b));
    const used = Object.values(ERROR_CATALOGUE).map(({ exit }) => exit);
    expect([...new Set(used)].filter((code) => !known.includes(code))).toEqual([]);
  });
});

describe("the version of Node", () => {
  it("is the one of package.json", () => {
    const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
      engines: { node: string };
    };
    expect(manifest.engines.node).toBe(`>=${OLDEST_NODE}`);
  });

  it.each(["22.18.0", "22.19.1", "24.0.0", "100.1.0"])("%s will do", (version) => {
    expect(() => requireNode(version)).not.toThrow();
  });

  it.each(["18.20.0", "20.19.0", "22.17.9"])("%s is refused", (version) => {
    expect(() => requireNode(version)).toThrow(`kserve-ts needs Node 22.18 or newer, and this is ${version}`);
  });
});
