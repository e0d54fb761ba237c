import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TEMPLATE_NAMES } from "../../../cli/init/templates.ts";
import { productVersion } from "../../../runtime/product-version.ts";
import { type Ended, ROOT, folderWith, runCli } from "../run-cli.ts";

async function filesOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return new Map(
    await Promise.all(
      files.map(async ({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [path.slice(folder.length + 1), await readFile(path, "utf8")] as const;
      }),
    ),
  );
}

const init = (cwd: string, ...words: readonly string[]): Promise<Ended> =>
  runCli(["init", ...words], { cwd });

describe.each(TEMPLATE_NAMES)("the template %s", (template) => {
  it("becomes a project that has all it needs, under its own name", async () => {
    await using parent = await folderWith({});
    const { stdout, stderr, exitCode } = await init(
      parent.path,
      "models/my-model",
      "-t",
      template,
      "-o",
      "json",
    );
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const folder = join(parent.path, "models/my-model");
    const files = await filesOf(folder);
    const result = JSON.parse(stdout) as { files: string[] };
    expect(result).toMatchObject({ name: "my-model", folder, template, installed: false });
    expect(result.files).toEqual([...files.keys()].toSorted());
    expect(result.files).toEqual(expect.arrayContaining([".gitignore", "kserve.config.ts", "tsconfig.json"]));
    expect(files.get("README.md")).toMatch(/^# my-model\n/);
    expect(JSON.parse(files.get("package.json") as string)).toMatchObject({
      name: "my-model",
      dependencies: { "kserve-ts": `^${productVersion()}` },
    });
    for (const [path, text] of files) expect(`${path}: ${text}`).not.toMatch(/\{\{|\}\}/);
  });

  it("asks for packages in the versions that we test with", async () => {
    const own = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as Manifest;
    const text = await readFile(join(ROOT, "templates", template, "package.json"), "utf8");
    const { "kserve-ts": _itself, ...dependencies } = (JSON.parse(text) as Manifest).dependencies;
    for (const [name, range] of Object.entries({
      ...dependencies,
      ...(JSON.parse(text) as Manifest).devDependencies,
    })) {
      expect(`${name} ${range}`).toBe(`${name} ${own.devDependencies[name] ?? own.dependencies[name]}`);
    }
  });

  it("has an answer beside each example", async () => {
    const files = await filesOf(join(ROOT, "templates", template));
    const examples = [...files.keys()].filter((path) => /(?:^|\/)examples\/.*\.json$/.test(path));
    const requests = examples.filter((path) => !path.endsWith(".expected.json"));
    expect(requests.length).toBeGreaterThan(0);
    expect(examples.toSorted()).toEqual(
      requests.flatMap((path) => [path.replace(/\.json$/, ".expected.json"), path]).toSorted(),
    );
  });
});

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

describe("init", () => {
  it("says what comes next", async () => {
    await using parent = await folderWith({});
    const { stdout } = await init(parent.path, "loans", "--template", "function");
    expect(stdout).toMatch(
      /^loans: \d+ files from the template function in loans\n\nNext:\n {2}cd loans\n {2}npm install\n/,
    );
  });

  it("writes into the folder it is in, which has a name already", async () => {
    await using parent = await folderWith({ "loans/.git/HEAD": "" });
    const { stdout, exitCode } = await init(join(parent.path, "loans"), ".", "--template", "function");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^loans: .*Next:\n {2}npm install\n/s);
  });

  it("names the package manager that ran it, or that is asked for", async () => {
    await using parent = await folderWith({});
    const env = { npm_config_user_agent: "pnpm/10.1.0 npm/? node/v24.0.0 linux x64" };
    const words = (name: string) => ["init", name, "-t", "function"];
    const pnpm = await runCli(words("a"), { cwd: parent.path, env });
    const yarn = await runCli([...words("b"), "--package-manager", "yarn"], { cwd: parent.path, env });
    expect([pnpm.stdout, yarn.stdout]).toEqual([
      expect.stringContaining("\n  pnpm install\n  pnpm kserve-ts "),
      expect.stringContaining("\n  yarn install\n  yarn kserve-ts "),
    ]);
  });

  it("installs when it is told to, and says so when that fails", async () => {
    // A package manager that cannot be found, and none that would ask a registry.
    await using parent = await folderWith({});
    const env = { PATH: parent.path };
    const words = ["init", "loans", "-t", "function", "--install", "--package-manager", "bun"];
    const { stderr, exitCode } = await runCli(words, { cwd: parent.path, env });
    expect(stderr).toMatch(
      /^error: bun cannot be run\nhint: The project is written\. Run bun install in its folder\.\n/,
    );
    expect(exitCode).toBe(3);
    expect(await readdir(join(parent.path, "loans"))).toContain("predictor.ts");
  });
});

describe("init refuses", () => {
  it("a folder that has files, and names them", async () => {
    const names = ["a.ts", "b.ts", "c.ts", "d.ts", "e.ts", "f.ts", "g.ts"];
    await using parent = await folderWith(Object.fromEntries(names.map((name) => [`full/${name}`, "mine"])));
    const refused = await init(parent.path, "full", "--template", "function");
    expect(refused.stderr).toContain(
      "error: full is not empty: it has a.ts, b.ts, c.ts, d.ts, e.ts and 2 more\n",
    );
    expect(refused.exitCode).toBe(2);
    expect(await readdir(join(parent.path, "full"))).toEqual(names);
  });

  it("not where --force is given, and leaves other files alone", async () => {
    await using parent = await folderWith({ "full/mine.ts": "mine", "full/predictor.ts": "mine" });
    const { exitCode } = await init(parent.path, "full", "--template", "function", "--force");
    const files = await filesOf(join(parent.path, "full"));
    expect(exitCode).toBe(0);
    expect(files.get("mine.ts")).toBe("mine");
    expect(files.get("predictor.ts")).toContain("definePredictor");
  });

  it.each([
    [["loans"], /^error: init needs --template: there is no terminal to ask at\nhint: .*function, onnx/],
    [[], /^error: init needs NAME: there is no terminal to ask at\n/],
    [
      ["loans", "-t", "functoin"],
      /^error: -t is "functoin", expected one of function, .*\nhint: Did you mean function\?\n/,
    ],
    [
      ["My_Model", "-t", "onnx"],
      /^error: the project's name is "My_Model", expected a name .* such as "my-model"\n/,
    ],
    [[`a${"b".repeat(63)}`, "-t", "onnx"], /expected a name of at most 63 characters\n/],
    [
      ["taken/model", "-t", "onnx"],
      /^error: .*taken\/model cannot be the project's folder: it is a file, or would lie in one\n/,
    ],
  ])("%j", async (words, message) => {
    await using parent = await folderWith({ taken: "a file" });
    const { stdout, stderr, exitCode } = await init(parent.path, ...words);
    expect(stderr).toMatch(message);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(await readdir(parent.path)).toEqual(["taken"]);
  });
});
