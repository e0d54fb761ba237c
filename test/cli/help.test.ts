import { describe, expect, it } from "vitest";
import { exitCodes } from "../../cli/exit-codes.ts";
import { planWith, readCommandLine } from "../../cli/command-line.ts";
import { spellings, verbHelp } from "../../cli/help.ts";
import { parseWords } from "../../cli/parse.ts";
import { processTerminal } from "../../cli/terminal/terminal.ts";
import { VERBS } from "../../cli/verbs.ts";
import { productVersion } from "../../runtime/product-version.ts";
import { runCli } from "./run-cli.ts";

const terminal = processTerminal();
const plainPage = (width: number) => ({ width, style: (_format: unknown, text: string) => text });
const verbs = await VERBS.all();

describe("--help", () => {
  const pages: [string, string[]][] = [
    ["kserve-ts", ["--help"]],
    ...verbs.map(({ name }): [string, string[]] => [`kserve-ts-${name}`, [name, "--help"]]),
  ];

  it.each(pages)("of %s is as in the golden file", async (name, args) => {
    const { stdout, stderr, exitCode } = await runCli(args);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    await expect(stdout.replace(productVersion(), "<version>")).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  it.each(verbs.map((verb) => [verb.name, verb] as const))(
    "of %s names every option with its meaning, default and variables",
    (_name, verb) => {
      const text = verbHelp(verb, plainPage(10_000));
      for (const option of Object.values(verb.options)) {
        const isToggle = option.placeholder === undefined;
        const byDefault = isToggle ? undefined : option.default;
        const facts = [
          ...(option.repeatable ? ["[May be repeated]"] : []),
          ...(byDefault === undefined || Array.isArray(byDefault) ? [] : [`[Default: ${String(byDefault)}]`]),
          ...(isToggle && option.default === true ? [`[Default: on] [Off: --no-${option.flag}]`] : []),
          ...(option.env.length === 0 ? [] : [`[Environment: ${option.env.join(", ")}]`]),
        ];
        const lines = [`  ${spellings(option)}`, `      ${option.doc}`];
        if (facts.length > 0) lines.push(`      ${facts.join(" ")}`);
        expect(text).toContain(`\n${lines.join("\n")}\n`);
      }
    },
  );

  it.each(verbs.map((verb) => [verb.name, verb] as const))("of %s fits a narrow terminal", (_name, verb) => {
    const tooLong = verbHelp(verb, plainPage(60))
      .split("\n")
      .filter((line) => line.length > 60 && /\S .*\S/.test(line.trim()) && !/^ +(kserve-ts|-)/.test(line));
    expect(tooLong).toEqual([]);
  });

  it("says of a switch that is on how to turn it off, in words that do so", async () => {
    const serve = verbs.find(({ name }) => name === "serve") as (typeof verbs)[number];
    const text = verbHelp(serve, plainPage(10_000));
    expect(text).toMatch(/--enable_grpc\n.*\n +\[Default: on\] \[Off: --no-enable_grpc\]/);
    expect(parseWords(serve, ["--no-enable_grpc"]).given).toEqual({ enableGrpc: false });
  });

  it("takes its width from COLUMNS", async () => {
    const { stdout } = await runCli(["serve", "-h"], { env: { COLUMNS: "50" } });
    expect(stdout).toContain("\n      Address to listen on. Loopback keeps a\n      laptop private;");
  });

  it("names every exit code", async () => {
    const { stdout } = await runCli([]);
    for (const { code, meaning } of exitCodes()) {
      expect(stdout).toMatch(new RegExp(`^  ${code} +${meaning.slice(0, 20)}`, "m"));
    }
  });

  it.each([
    ["help", ["help"], ["--help"]],
    ["nothing at all", [], ["--help"]],
    ["help with a verb", ["help", "serve"], ["serve", "--help"]],
    ["the option in front of the verb", ["-h", "serve"], ["serve", "--help"]],
    ["the option beside mistakes", ["serve", "--typo", "-h"], ["serve", "--help"]],
  ])("is also what %s shows", async (_name, words, same) => {
    const shown = await planWith(VERBS, readCommandLine(words), {}, terminal);
    expect(shown).toBeTypeOf("string");
    expect(shown).toBe(await planWith(VERBS, readCommandLine(same), {}, terminal));
  });

  it("behind -- is an argument", async () => {
    await expect(planWith(VERBS, readCommandLine(["predict", "--", "--help"]), {}, terminal)).rejects.toThrow(
      'unexpected argument "--help": predict takes no arguments',
    );
  });
});

describe("colours", () => {
  const escape = "\u001b[";

  it.each([
    ["are left out when piped", {}, false],
    ["are there when FORCE_COLOR asks for them", { FORCE_COLOR: "1" }, true],
    ["are left out when FORCE_COLOR refuses them", { FORCE_COLOR: "0" }, false],
    ["are left out under NO_COLOR", { NO_COLOR: "1" }, false],
  ])("%s", async (_name, env: Record<string, string>, coloured) => {
    const [help, failure] = await Promise.all([runCli(["--help"], { env }), runCli(["nope"], { env })]);
    expect(help.stdout.includes(escape)).toBe(coloured);
    expect(failure.stderr.includes(escape)).toBe(coloured);
  });
});

describe("--version", () => {
  it.each([[["--version"]], [["-v"]], [["serve", "--version"]]])(
    "shows the package's in %j",
    async (args) => {
      const version = `kserve-ts ${productVersion()}\n`;
      expect(await runCli(args)).toEqual({ stdout: version, stderr: "", exitCode: 0 });
    },
  );
});
