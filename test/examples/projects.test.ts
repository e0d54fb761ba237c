import { access, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, runCli } from "../cli/run-cli.ts";

const EXAMPLES = join(ROOT, "examples");

describe("kserve-ts test", () => {
  it.each(["digits", "own-dockerfile"])("passes for examples/%s", async (example) => {
    const { stdout, exitCode } = await runCli(["test", `examples/${example}`]);
    expect(stdout).not.toContain("no expected answer");
    expect({ exitCode, failed: / failed/.test(stdout) }).toEqual({ exitCode: 0, failed: false });
  });
});

describe("examples/own-dockerfile", () => {
  it("copies what is there, onto the base that the repository's Dockerfile makes", async () => {
    const text = await readFile(join(EXAMPLES, "own-dockerfile/Dockerfile"), "utf8");
    const steps = text
      .replaceAll("\\\n", " ")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.split(/\s+/));
    expect(steps[0]).toEqual(["FROM", "kserve-ts"]);
    expect(steps.map(([word]) => word)).toEqual(["FROM", "COPY", "COPY", "ENV"]);
    const base = await readFile(join(ROOT, "Dockerfile"), "utf8");
    for (const [, source = "", to = ""] of steps.filter(([word]) => word === "COPY")) {
      await access(join(EXAMPLES, "own-dockerfile", source));
      expect(base.includes("/app") ? ["/app/", "/mnt/models"] : []).toContain(to);
    }
  });

  it("sets variables that the server knows", async () => {
    const text = await readFile(join(EXAMPLES, "own-dockerfile/Dockerfile"), "utf8");
    const help = await readFile(join(ROOT, "docs/04-cli.md"), "utf8");
    const names = [...text.matchAll(/(KSERVE_TS_\w+)=/g)].map(([, name = ""]) => name);
    expect(names).toEqual(["KSERVE_TS_MODEL_NAME", "KSERVE_TS_WORKERS"]);
    for (const name of names) expect(help).toContain(`\`${name}\``);
  });
});

it("examples/README.md names every example", async () => {
  const page = await readFile(join(EXAMPLES, "README.md"), "utf8");
  const folders = (await readdir(EXAMPLES, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).filter((name) => !page.includes(`(${name}/`))).toEqual([]);
});
